import assert from "node:assert/strict";
import { matrix, type Matrix } from "../../../profiler/numeric/matrix.ts";
import { RuntimeProducts } from "../../../profiler/runtime/runtime-products.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { RidgeRegression } from "../../../profiler/numeric/ridge-regression.ts";

const products = new RuntimeProducts();

const randomMatrix = (rows: number, columns: number, seed: number): Matrix =>
  matrix(rows, columns, new Random(seed).normals(rows * columns));

function difference(a: Matrix, b: Matrix): number {
  let [error, size] = [0, 0];
  a.data.forEach((value, index) => {
    error += (value - (b.data[index] ?? 0)) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(error / size);
}

describe("RidgeRegression", () => {
  const squaresOf = (inputs: number, targets: number, fitsIntercept = false): RidgeRegression =>
    new RidgeRegression(inputs, targets, products, { fitsIntercept });

  it("finds the weights that made the targets, batch by batch", async () => {
    const weights = randomMatrix(7, 3, 11);
    const squares = squaresOf(7, 3);
    for (const seed of [1, 2, 3]) {
      const inputs = randomMatrix(50, 7, seed);
      await squares.add(inputs, await products.multiply(inputs, weights));
    }
    assert.equal(squares.samples, 150);
    const { weight, intercept } = await squares.solve();
    assert.ok(difference(weights, weight) < 5e-3, "the ridge takes three thousandths");
    assert.deepEqual([...intercept], [0, 0, 0]);
  });

  it("finds an intercept, whatever the scale of the inputs", async () => {
    for (const scale of [1e-3, 1, 1e3]) {
      const inputs = randomMatrix(200, 5, 7);
      const targets = matrix(200, 1, new Float32Array(200).fill(3));
      inputs.data.forEach((value, index) => (inputs.data[index] = value * scale));
      const squares = squaresOf(5, 1, true);
      await squares.add(inputs, targets);
      const { weight, intercept } = await squares.solve();
      assert.ok(Math.abs((intercept[0] ?? 0) - 3) < 0.03, `${String(intercept[0])} at ${scale}`);
      assert.ok(weight.data.every((value) => Math.abs(value * scale) < 0.03));
    }
  });

  it("errs no more for a few samples more, at any number around that of the inputs", async () => {
    const [size, noise] = [48, 0.3];
    const weights = randomMatrix(size, 4, 41);
    const unseen = randomMatrix(400, size, 42);
    const wanted = await products.multiply(unseen, weights);
    const errors: number[] = [];
    for (const samples of [24, 40, 44, 46, 47, 48, 49, 50, 52, 56, 96, 400]) {
      const inputs = randomMatrix(samples, size, 100 + samples);
      const targets = await products.multiply(inputs, weights);
      const random = new Random(samples).normals(targets.data.length);
      // As large as the targets are: noise of a network that lost other channels too.
      targets.data.forEach((value, index) => {
        targets.data[index] = value + noise * Math.sqrt(size) * (random[index] ?? 0);
      });
      const squares = squaresOf(size, 4, true);
      await squares.add(inputs, targets);
      errors.push(difference(wanted, await products.multiply(unseen, (await squares.solve()).weight)));
    }
    const [first = 0, ...later] = errors;
    for (const error of later)
      assert.ok(error < 2 * first, `relative errors ${errors.map((each) => each.toFixed(2)).join(", ")}`);
    assert.ok((errors.at(-1) ?? 1) < 0.15);
  });

  it("solves equations with dependent inputs", async () => {
    const column = randomMatrix(40, 1, 4);
    const twice = matrix(
      40,
      2,
      Float32Array.from({ length: 80 }, (_, index) => column.data[index >> 1] ?? 0),
    );
    const squares = squaresOf(2, 1);
    await squares.add(twice, column);
    const [first = 0, second = 0] = (await squares.solve()).weight.data;
    assert.ok(Math.abs(first + second - 1) < 5e-3, "both share the work");
  });

  it("gives zeros where nothing came in", async () => {
    const squares = squaresOf(2, 1);
    await squares.add(matrix(5, 2), matrix(5, 1));
    assert.deepEqual([...(await squares.solve()).weight.data], [0, 0]);
    assert.deepEqual([...(await squaresOf(2, 1, true).solve()).weight.data], [0, 0]);
  });

  it("solves many equations block by block, as well as few", async () => {
    const [unknowns, samples] = [500, 5000];
    const weights = randomMatrix(unknowns, 3, 12);
    const squares = squaresOf(unknowns, 3);
    const inputs = randomMatrix(samples, unknowns, 13);
    await squares.add(inputs, await products.multiply(inputs, weights));
    assert.ok(difference(weights, (await squares.solve()).weight) < 1e-2);
  });

  it("solves many equations of which most depend on others", async () => {
    const [unknowns, samples] = [450, 600];
    const inputs = await products.multiply(randomMatrix(samples, 20, 14), randomMatrix(20, unknowns, 15));
    const targets = await products.multiply(inputs, randomMatrix(unknowns, 2, 16));
    const squares = squaresOf(unknowns, 2);
    await squares.add(inputs, targets);
    assert.ok(difference(targets, await products.multiply(inputs, (await squares.solve()).weight)) < 1e-2);
  });
});
