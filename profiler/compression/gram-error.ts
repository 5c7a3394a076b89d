import { BlockCholesky } from "../numeric/block-cholesky.ts";
import { lowerInverse } from "../numeric/cholesky.ts";
import { matrix, rowsOf, transposed, type Matrix } from "../numeric/matrix.ts";
import type { Products } from "../numeric/products.ts";
import { ascending, ROUNDED_TOGETHER, roundBlock } from "./block-rounding.ts";
import type { OutputError } from "./output-error.ts";
import type { Rounding } from "./rounding.ts";

/** Times the ridge is made ten times larger before the inputs are given up. */
const ATTEMPTS = 4;

/** The error by H itself: for layers whose samples are about as many as their columns, or more. */
export class GramError implements OutputError {
  readonly columns: number;
  readonly #diagonal: Float32Array;
  /** From the order of the factor to the layer's own. */
  readonly #back: Uint32Array;

  private constructor(
    /** H in the layer's own order. */
    private readonly gram: Matrix,
    /** Columns by rising diagonal: errors are passed on from the last one. */
    private readonly order: Uint32Array,
    /** Of H in that order. */
    private readonly factor: BlockCholesky,
    private readonly products: Products,
  ) {
    this.columns = gram.columns;
    this.#back = inverseOf(order);
    this.#diagonal = Float32Array.from({ length: gram.columns }, (_, at) => gram.data[at * gram.columns + at] ?? 0);
  }

  /**
   * @param gram Aᵀ·A, which becomes H where it stands
   * @param ridge λ as a share of the mean of its diagonal
   * @throws {RangeError} when an input is not a number
   */
  static async of(gram: Matrix, ridge: number, products: Products): Promise<GramError> {
    const size = gram.columns;
    const diagonal = Float32Array.from({ length: size }, (_, at) => gram.data[at * size + at] ?? 0);
    // Inputs that are always zero tell nothing: their weights are rounded by themselves.
    const mean = diagonal.reduce((sum, value) => sum + value, 0) / size || 1;
    const order = ascending(diagonal);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const added = ridge * 10 ** attempt * mean;
      const factor = await BlockCholesky.of(size, gram.data, added, products, order);
      if (factor === undefined) continue;
      for (let at = 0; at < size; at += 1) gram.data[at * size + at] = (gram.data[at * size + at] ?? 0) + added;
      return new GramError(gram, order, factor, products);
    }
    throw new RangeError("the inputs of a layer on the calibration data are not all numbers");
  }

  diagonalOf(): Float32Array {
    return this.#diagonal;
  }

  among(columns: Uint32Array): Promise<ArrayLike<number>> {
    const size = columns.length;
    const result = new Float64Array(size * size);
    for (let row = 0, at = 0; row < size; row += 1) {
      const from = (columns[row] ?? 0) * this.columns;
      for (let column = 0; column < size; column += 1, at += 1)
        result[at] = this.gram.data[from + (columns[column] ?? 0)] ?? 0;
    }
    return Promise.resolve(result);
  }

  apply(x: Matrix): Promise<Matrix> {
    return this.products.multiply(x, this.gram);
  }

  /** The weights e with H · eᵀ = pulls. @param pulls columns × rows @returns rows × columns */
  async solved(pulls: Matrix): Promise<Matrix> {
    const solved = await this.factor.solve(rowsInOrder(pulls, this.order));
    return transposed(solved, { rows: this.#back });
  }

  async inverseDiagonal(): Promise<(row: number) => Float64Array> {
    const size = this.columns;
    const result = new Float64Array(size);
    // H⁻¹ = L⁻ᵀ · L⁻¹: its diagonal is the squares of L⁻¹ summed down the columns.
    const inverse = await lowerInverseOf(this.factor, size, this.products);
    for (let row = 0; row < size; row += 1) {
      for (let column = 0; column <= row; column += 1) {
        const to = this.order[column] ?? 0;
        result[to] = (result[to] ?? 0) + (inverse.data[row * size + column] ?? 0) ** 2;
      }
    }
    return () => result;
  }

  async passErrors(weights: Matrix, rounding: Rounding, firstRow = 0): Promise<Matrix> {
    const { rows, columns } = weights;
    const values = transposed(weights, { columns: this.order });
    const rounded = matrix(columns, rows);
    const errors = matrix(columns, rows);
    for (const [index, { lower }] of [...this.factor.columns.entries()].reverse()) {
      const from = index * ROUNDED_TOGETHER;
      const width = lower.columns;
      const behind = from + width;
      const terms =
        behind < columns
          ? (await this.products.multiply(rowsOf(lower, width), rowsOf(errors, behind), { transposeA: true })).data
          : new Float32Array(width * rows);
      roundBlock(
        rows,
        rowsOf(values, from, width).data,
        this.order.subarray(from, behind),
        lower.data.subarray(0, width * width),
        terms,
        rowsOf(rounded, from, width).data,
        rowsOf(errors, from, width).data,
        rounding,
        firstRow,
      );
    }
    return transposed(rounded, { rows: this.#back });
  }
}

/** L⁻¹, block row by block row. */
async function lowerInverseOf({ columns }: BlockCholesky, size: number, products: Products): Promise<Matrix> {
  const inverse = matrix(size, size);
  for (const [index, { lower }] of columns.entries()) {
    const from = index * ROUNDED_TOGETHER;
    const width = lower.columns;
    const own = matrix(
      width,
      width,
      Float32Array.from(lowerInverse(width, Float64Array.from(lower.data.subarray(0, width * width)))),
    );
    // Of the block row: own⁻¹ · (I − Σ earlier blocks · their inverse rows).
    const right = matrix(width, size);
    for (const [other, { lower: column }] of columns.slice(0, index).entries()) {
      const block = rowsOf(column, from - other * ROUNDED_TOGETHER, width);
      const { data } = await products.multiply(block, rowsOf(inverse, other * ROUNDED_TOGETHER, column.columns));
      for (let at = 0; at < data.length; at += 1) right.data[at] = (right.data[at] ?? 0) - (data[at] ?? 0);
    }
    for (let row = 0; row < width; row += 1) right.data[row * size + from + row] = 1;
    inverse.data.set((await products.multiply(own, right)).data, from * size);
  }
  return inverse;
}

function rowsInOrder(from: Matrix, order: Uint32Array): Matrix {
  const result = matrix(from.rows, from.columns);
  order.forEach((row, place) => result.data.set(rowsOf(from, row, 1).data, place * from.columns));
  return result;
}

/** Where each place of an order is. */
function inverseOf(order: Uint32Array): Uint32Array {
  const inverse = new Uint32Array(order.length);
  order.forEach((column, place) => (inverse[column] = place));
  return inverse;
}
