import { matrix, transposed, type Matrix } from "./matrix.ts";
import type { ProductOptions, Products } from "./products.ts";

/** Products of matrices so small that a call of the runtime takes longer than the product: those of depthwise and grouped layers. */
export class SmallProducts implements Products {
  multiply(a: Matrix, b: Matrix, { transposeA = false, transposeB = false }: ProductOptions = {}): Promise<Matrix> {
    return Promise.resolve(product(transposeA ? transposed(a) : a, transposeB ? transposed(b) : b));
  }
}

/** @throws {RangeError} when they do not fit */
function product(a: Matrix, b: Matrix): Matrix {
  if (a.columns !== b.rows) throw new RangeError(`${a.rows}×${a.columns} and ${b.rows}×${b.columns} do not multiply`);
  const result = matrix(a.rows, b.columns);
  const sums = new Float64Array(b.columns);
  for (let row = 0; row < a.rows; row += 1) {
    sums.fill(0);
    for (let inner = 0; inner < a.columns; inner += 1) {
      const factor = a.data[row * a.columns + inner] ?? 0;
      const from = inner * b.columns;
      for (let column = 0; column < b.columns; column += 1)
        sums[column] = (sums[column] ?? 0) + factor * (b.data[from + column] ?? 0);
    }
    result.data.set(sums, row * b.columns);
  }
  return result;
}
