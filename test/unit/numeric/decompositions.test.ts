import assert from "node:assert/strict";
import { leadingDirections } from "../../../profiler/numeric/directions.ts";
import { combinationOf } from "../../../profiler/numeric/least-squares.ts";
import { matrix, scaledColumns, transposed, type Matrix } from "../../../profiler/numeric/matrix.ts";
import { RuntimeProducts } from "../../../profiler/runtime/runtime-products.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { truncatedSvd } from "../../../profiler/numeric/svd.ts";

const products = new RuntimeProducts();

const randomMatrix = (rows: number, columns: number, seed: number): Matrix =>
  matrix(rows, columns, new Random(seed).normals(rows * columns));

/** A matrix whose singular values fall as 1/k. */
async function decaying(rows: number, columns: number, seed: number): Promise<Matrix> {
  const inner = Math.min(rows, columns, 80);
  const left = randomMatrix(rows, inner, seed);
  const falling = scaledColumns(
    left,
    Array.from({ length: inner }, (_, k) => 1 / (k + 1)),
  );
  return products.multiply(falling, randomMatrix(inner, columns, seed + 1));
}

function difference(a: Matrix, b: Matrix): number {
  let error = 0;
  let size = 0;
  a.data.forEach((value, index) => {
    error += (value - (b.data[index] ?? 0)) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(error / size);
}

describe("RuntimeProducts", () => {
  it("multiplies in all four forms", async () => {
    const a = matrix(2, 3, Float32Array.of(1, 2, 3, 4, 5, 6));
    const b = matrix(3, 2, Float32Array.of(1, 0, 0, 1, 1, 1));
    const expected = [4, 5, 10, 11];
    const forms = [
      products.multiply(a, b),
      products.multiply(transposed(a), b, { transposeA: true }),
      products.multiply(a, transposed(b), { transposeB: true }),
      products.multiply(transposed(a), transposed(b), { transposeA: true, transposeB: true }),
    ];
    for (const form of forms) assert.deepEqual([...(await form).data], expected);
  });

  it("gives empty products for empty matrices", async () => {
    const { rows, columns, data } = await products.multiply(matrix(0, 3), matrix(3, 2));
    assert.deepEqual({ rows, columns, size: data.length }, { rows: 0, columns: 2, size: 0 });
  });

  it("refuses matrices that do not fit", async () => {
    await assert.rejects(products.multiply(matrix(2, 3), matrix(2, 3)), RangeError);
  });
});

describe("truncatedSvd", () => {
  for (const [rows, columns] of [
    [30, 20],
    [20, 30],
    [1200, 500],
    [500, 1200],
  ] as const) {
    it(`rebuilds a ${rows}×${columns} matrix of rank 12 from rank 12`, async () => {
      const a = await products.multiply(randomMatrix(rows, 12, 1), randomMatrix(12, columns, 2));
      const { u, s, v } = await truncatedSvd(a, 12, { products });
      const rebuilt = await products.multiply(scaledColumns(u, s), v, { transposeB: true });
      assert.ok(difference(a, rebuilt) < 1e-5, `relative error ${difference(a, rebuilt)}`);
      assert.ok(
        s.every((value, index) => index === 0 || value <= (s[index - 1] ?? 0)),
        "largest first",
      );
    });
  }

  it("ends for a matrix whose elements are all the same, and for one of zeros", async () => {
    for (const value of [0, 2.5e-6]) {
      const a = matrix(64, 192, new Float32Array(64 * 192).fill(value));
      const { u, s, v } = await truncatedSvd(a, 3, { products });
      const norm = value * Math.sqrt(a.data.length);
      assert.ok(Math.abs((s[0] ?? NaN) - norm) <= 1e-5 * norm);
      const rebuilt = await products.multiply(scaledColumns(u, s), v, { transposeB: true });
      assert.ok(rebuilt.data.every((element) => Math.abs(element - value) <= 1e-5 * value));
    }
  });

  it("sketches a large matrix nearly as well as the exact decomposition approximates it", async () => {
    const a = await decaying(900, 700, 5);
    const { u, s, v } = await truncatedSvd(a, 20, { products });
    const error = difference(a, await products.multiply(scaledColumns(u, s), v, { transposeB: true }));
    const all = await truncatedSvd(a, 80, { products });
    const energy = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0);
    const best = Math.sqrt(1 - energy(all.s.slice(0, 20)) / energy(all.s));
    assert.ok(error < best * 1.01, `${error} against ${best}`);
  });

  it("gives the same bits for the same seed", async () => {
    const a = await decaying(900, 700, 9);
    const [one, two] = [
      await truncatedSvd(a, 8, { products, seed: 3 }),
      await truncatedSvd(a, 8, { products, seed: 3 }),
    ];
    assert.deepEqual(one.u.data, two.u.data);
    assert.deepEqual(one.v.data, two.v.data);
  });

  it("keeps no more than a share of the energy needs", async () => {
    const a = await decaying(400, 300, 6);
    const { s } = await truncatedSvd(a, 60, { products });
    const whole = a.data.reduce((sum, value) => sum + value * value, 0);
    const kept = (count: number): number => s.slice(0, count).reduce((sum, value) => sum + value * value, 0) / whole;
    const share = 0.97;
    const found = await truncatedSvd(a, { share }, { products });
    const rank = found.s.length;
    assert.ok(kept(rank) >= share - 1e-4 && kept(rank - 1) < share, `rank ${rank} keeps ${kept(rank)}`);
    const rebuilt = await products.multiply(scaledColumns(found.u, found.s), found.v, { transposeB: true });
    assert.ok(difference(a, rebuilt) ** 2 <= 1 - share + 1e-4);
  });

  it("refuses an impossible rank", async () => {
    await assert.rejects(truncatedSvd(matrix(3, 4), 4, { products }), RangeError);
  });
});

describe("combinationOf", () => {
  for (const [features, elements] of [
    [12, 40],
    [40, 12],
  ] as const) {
    it(`finds shares of ${features} rows of ${elements} elements that make up others`, async () => {
      const map = randomMatrix(features, elements, 21);
      const wanted = await products.multiply(randomMatrix(5, features, 22), map);
      const shares = await combinationOf(map, wanted, products);
      assert.deepEqual([shares.rows, shares.columns], [5, features]);
      assert.ok(difference(wanted, await products.multiply(shares, map)) < 1e-4);
    });
  }
});

describe("leadingDirections", () => {
  /** A covariance with eigenvalues that fall slowly. */
  async function falling(size: number): Promise<Matrix> {
    const samples = randomMatrix(size, size, 31);
    const factors = Array.from({ length: size }, (_, k) => 0.995 ** k / Math.sqrt(size));
    const scaled = scaledColumns(samples, factors);
    return products.multiply(scaled, scaled, { transposeA: true });
  }

  it("gives orthonormal directions, block by block, that hold the share asked for", async () => {
    const spread = await falling(400);
    const { vectors, energies } = await leadingDirections(spread, { share: 0.95 }, { products });
    assert.ok(energies.length > 128 && energies.length < 400, `${energies.length} directions: more than one block`);
    const gram = await products.multiply(vectors, vectors, { transposeA: true });
    const identity = gram.data.map((_, index) => (index % (gram.columns + 1) === 0 ? 1 : 0));
    assert.ok(difference(matrix(gram.rows, gram.columns, identity), gram) < 1e-5);
    const held = await products.multiply(vectors, await products.multiply(spread, vectors), { transposeA: true });
    assert.ok(traceOf(held) >= (0.95 - 1e-5) * traceOf(spread));
  });

  it("gives zeros for directions that a matrix does not have", async () => {
    const thin = randomMatrix(300, 5, 32);
    const spread = await products.multiply(thin, thin, { transposeB: true });
    const { vectors } = await leadingDirections(spread, 40, { products });
    const rebuilt = await products.multiply(vectors, await products.multiply(vectors, thin, { transposeA: true }));
    assert.equal(vectors.columns, 40);
    assert.ok(difference(thin, rebuilt) < 1e-4);
  });

  it("stops when it is told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(leadingDirections(await falling(300), 200, { products, signal }), /enough/);
  });
});

function traceOf({ rows, data }: Matrix): number {
  return Array.from({ length: rows }, (_, index) => data[index * rows + index] ?? 0).reduce((sum, one) => sum + one, 0);
}
