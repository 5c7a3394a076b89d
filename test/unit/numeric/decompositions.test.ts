import assert from "node:assert/strict";
import { LeastSquares } from "../../../profiler/numeric/least-squares.ts";
import { matrix, scaledColumns, transposed, type Matrix } from "../../../profiler/numeric/matrix.ts";
import { RuntimeProducts } from "../../../profiler/numeric/products.ts";
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

  it("refuses an impossible rank", async () => {
    await assert.rejects(truncatedSvd(matrix(3, 4), 4, { products }), RangeError);
  });
});

describe("LeastSquares", () => {
  it("finds the weights that made the targets, batch by batch", async () => {
    const weights = randomMatrix(7, 3, 11);
    const squares = new LeastSquares(7, 3, products);
    for (const seed of [1, 2, 3]) {
      const inputs = randomMatrix(50, 7, seed);
      await squares.add(inputs, await products.multiply(inputs, weights));
    }
    assert.equal(squares.samples, 150);
    assert.ok(difference(weights, squares.solve()) < 1e-5);
  });

  it("solves equations with dependent inputs", async () => {
    const column = randomMatrix(40, 1, 4);
    const twice = matrix(
      40,
      2,
      Float32Array.from({ length: 80 }, (_, index) => column.data[index >> 1] ?? 0),
    );
    const squares = new LeastSquares(2, 1, products);
    await squares.add(twice, column);
    const [first = 0, second = 0] = squares.solve().data;
    assert.ok(Math.abs(first + second - 1) < 1e-3, "both share the work");
  });

  it("gives zeros where nothing came in", async () => {
    const squares = new LeastSquares(2, 1, products);
    await squares.add(matrix(5, 2), matrix(5, 1));
    assert.deepEqual([...squares.solve().data], [0, 0]);
  });
});
