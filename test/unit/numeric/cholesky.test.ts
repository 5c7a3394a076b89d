import assert from "node:assert/strict";
import { choleskyFactor, choleskySolve, lowerInverse } from "../../../profiler/numeric/cholesky.ts";
import { Random } from "../../../profiler/numeric/random.ts";

/** size × size, symmetric and positive definite. */
function gramOf(size: number): Float64Array {
  const rows = new Random(size).normals(size * size);
  return Float64Array.from({ length: size * size }, (_, at) => {
    const [a, b] = [Math.floor(at / size), at % size];
    let sum = a === b ? 0.5 : 0;
    for (let k = 0; k < size; k += 1) sum += (rows[a * size + k] ?? 0) * (rows[b * size + k] ?? 0);
    return sum;
  });
}

describe("The Cholesky factor", () => {
  it("times its transpose is the matrix, solves, and is inverted, at every size of the last block of rows", () => {
    for (const size of [1, 2, 3, 4, 5, 6, 7, 8, 21]) {
      const gram = gramOf(size);
      const factor = choleskyFactor(size, gram);
      assert.ok(factor);
      const inverse = lowerInverse(size, factor);
      const wanted = Float64Array.from({ length: size }, (_, row) => row - 1.5);
      const right = wanted.map((_, row) => wanted.reduce((sum, x, k) => sum + (gram[row * size + k] ?? 0) * x, 0));
      choleskySolve(size, factor, right);
      for (let row = 0; row < size; row += 1) {
        assert.ok(Math.abs((right[row] ?? 0) - (wanted[row] ?? 0)) < 1e-9, `${size}: solution ${row}`);
        for (let column = 0; column < size; column += 1) {
          let [product, unit] = [0, 0];
          for (let k = 0; k < size; k += 1) {
            product += (factor[row * size + k] ?? 0) * (factor[column * size + k] ?? 0);
            unit += (factor[row * size + k] ?? 0) * (inverse[k * size + column] ?? 0);
          }
          assert.ok(Math.abs(product - (gram[row * size + column] ?? 0)) < 1e-9, `${size}: ${row}, ${column}`);
          assert.ok(Math.abs(unit - (row === column ? 1 : 0)) < 1e-9, `${size}: inverse at ${row}, ${column}`);
          if (column > row) assert.equal(factor[row * size + column], 0);
        }
      }
    }
  });

  it("is refused of a matrix that is not positive definite, wherever that shows", () => {
    for (let at = 0; at < 10; at += 1) {
      const gram = gramOf(10);
      gram[at * 10 + at] = -1;
      assert.equal(choleskyFactor(10, gram), undefined);
    }
  });
});
