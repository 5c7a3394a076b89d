import { choleskyFactor, lowerInverse } from "./cholesky.ts";
import { matrix, placesOf, rowsOf, transposed, type Matrix } from "./matrix.ts";
import type { Products } from "./products.ts";

/** Rows of a block: factored in JavaScript in a few milliseconds, and enough for products to run at full speed. */
const BLOCK = 128;

/** A block column of the lower triangular factor. */
export interface BlockColumn {
  /** From the diagonal block down: rows × BLOCK */
  readonly lower: Matrix;
  /** Inverse of the diagonal block's transpose: BLOCK × BLOCK */
  readonly inverse: Matrix;
}

/**
 * The Cholesky factor of a large symmetric matrix, block column by block column: all but the diagonal blocks is products (Golub, Van
 * Loan: "Matrix Computations", 4.2.9, the left-looking form). Sums run in float64, products in float32.
 */
export class BlockCholesky {
  private constructor(
    readonly columns: readonly BlockColumn[],
    private readonly products: Products,
  ) {}

  /**
   * @param elements size × size, row-major; what is above the diagonal is not looked at
   * @param ridge added to the diagonal
   * @param order of rows and columns, where the factor is of the matrix in another one
   * @returns undefined when the matrix is not positive definite, as far as float32 can tell
   */
  static async of(
    size: number,
    elements: ArrayLike<number>,
    ridge: number,
    products: Products,
    order: Uint32Array = placesOf(size),
  ): Promise<BlockCholesky | undefined> {
    const columns: BlockColumn[] = [];
    const scratch = new Float64Array(size * Math.min(size, BLOCK));
    for (let from = 0; from < size; from += BLOCK) {
      const width = Math.min(BLOCK, size - from);
      const rest = scratch.subarray(0, (size - from) * width);
      for (let row = 0; row < size - from; row++) {
        const start = (order[from + row] ?? 0) * size;
        for (let column = 0; column < width; column++)
          rest[row * width + column] = elements[start + (order[from + column] ?? 0)] ?? 0;
      }
      for (let index = 0; index < width; index++)
        rest[index * width + index] = (rest[index * width + index] ?? 0) + ridge;
      for (const [index, { lower }] of columns.entries()) {
        const below = rowsOf(lower, from - index * BLOCK);
        const { data } = await products.multiply(below, rowsOf(below, 0, width), { transposeB: true });
        for (let element = 0; element < rest.length; element++)
          rest[element] = (rest[element] ?? 0) - (data[element] ?? 0);
      }
      const column = await factored(rest, width, products);
      if (!column) return undefined;
      columns.push(column);
    }
    return new BlockCholesky(columns, products);
  }

  /** x with matrix · x = right. @param right size × targets */
  async solve(right: Matrix): Promise<Matrix> {
    const x = matrix(right.rows, right.columns, right.data.slice());
    for (const [index, { lower, inverse }] of this.columns.entries()) {
      const block = rowsOf(x, index * BLOCK, inverse.rows);
      const solved = await this.products.multiply(inverse, block, { transposeA: true });
      block.data.set(solved.data);
      if (lower.rows > inverse.rows)
        subtract(
          rowsOf(x, index * BLOCK + inverse.rows),
          await this.products.multiply(rowsOf(lower, inverse.rows), solved),
        );
    }
    for (const [index, { lower, inverse }] of [...this.columns.entries()].reverse()) {
      const block = rowsOf(x, index * BLOCK, inverse.rows);
      if (lower.rows > inverse.rows) {
        const below = rowsOf(x, index * BLOCK + inverse.rows);
        subtract(block, await this.products.multiply(rowsOf(lower, inverse.rows), below, { transposeA: true }));
      }
      block.data.set((await this.products.multiply(inverse, block)).data);
    }
    return x;
  }
}

/** @param rest what the columns before leave of the matrix, from the diagonal block down: rows × width */
async function factored(rest: Float64Array, width: number, products: Products): Promise<BlockColumn | undefined> {
  const triangle = choleskyFactor(width, rest);
  if (triangle === undefined) return undefined;
  const inverse = transposed(matrix(width, width, Float32Array.from(lowerInverse(width, triangle))));
  const rows = rest.length / width;
  const lower = matrix(rows, width);
  lower.data.set(triangle);
  if (rows > width) {
    const below = matrix(rows - width, width);
    // A typed array's own conversion takes ten times as long (V8 11.3).
    for (let at = 0; at < below.data.length; at++) below.data[at] = rest[width * width + at] ?? 0;
    lower.data.set((await products.multiply(below, inverse)).data, width * width);
  }
  return { lower, inverse };
}

function subtract(from: Matrix, { data }: Matrix): void {
  for (let index = 0; index < data.length; index++) from.data[index] = (from.data[index] ?? 0) - (data[index] ?? 0);
}
