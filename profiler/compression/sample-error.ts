import { BlockCholesky } from "../numeric/block-cholesky.ts";
import { choleskyFactor, lowerInverse } from "../numeric/cholesky.ts";
import { matrix, rowsOf, transposed, type Matrix } from "../numeric/matrix.ts";
import type { Products } from "../numeric/products.ts";
import { ascending, ROUNDED_TOGETHER, roundBlock } from "./block-rounding.ts";
import type { OutputError } from "./output-error.ts";
import type { Rounding } from "./rounding.ts";

/** What float32 can tell of one minus a share. */
const LEAST_SHARE = 1e-6;

/** Of what is known of blocks of columns: for layers of 256 samples, up to 32,768 columns. */
const MOST_KEPT_BYTES = 2 ** 26;

/** Columns that are rounded together. */
interface ColumnBlock {
  /** The first of them, in the order of the diagonal. */
  readonly from: number;
  /** columns × samples */
  readonly inputs: Matrix;
  /** columns × columns, lower triangular */
  readonly factor: Float64Array;
  /** samples × columns: what changed outputs ask of each. */
  readonly pulls: Matrix;
}

/**
 * The error by the samples, for layers with many more columns than samples: everything is solved in the space of the samples, by
 * (Aᵀ·A + λI)⁻¹ · Aᵀ = Aᵀ · (A·Aᵀ + λI)⁻¹, and H, which may be gigabytes, is never made.
 */
export class SampleError implements OutputError {
  readonly columns: number;
  readonly #diagonal: Float32Array;
  #known: readonly ColumnBlock[] | undefined;

  private constructor(
    private readonly inputs: Matrix,
    /** columns × samples, columns by rising diagonal. */
    private readonly ordered: Matrix,
    private readonly order: Uint32Array,
    /** λ */
    private readonly ridge: number,
    private readonly products: Products,
  ) {
    this.columns = inputs.columns;
    this.#diagonal = squares(inputs).map((value) => value + ridge);
  }

  static of(inputs: Matrix, ridge: number, products: Products): SampleError {
    const diagonal = squares(inputs);
    const mean = diagonal.reduce((sum, value) => sum + value, 0) / inputs.columns || 1;
    const order = ascending(diagonal);
    const columns = transposed(inputs);
    const ordered = matrix(columns.rows, columns.columns);
    order.forEach((from, to) => ordered.data.set(rowsOf(columns, from, 1).data, to * columns.columns));
    return new SampleError(inputs, ordered, order, ridge * mean, products);
  }

  diagonalOf(): Float32Array {
    return this.#diagonal;
  }

  async among(columns: Uint32Array): Promise<ArrayLike<number>> {
    const size = columns.length;
    if (size === 0) return [];
    const seen = matrix(this.inputs.rows, size);
    for (let sample = 0, at = 0; sample < this.inputs.rows; sample += 1) {
      const from = sample * this.columns;
      for (let place = 0; place < size; place += 1, at += 1)
        seen.data[at] = this.inputs.data[from + (columns[place] ?? 0)] ?? 0;
    }
    const { data } = await this.products.multiply(seen, seen, { transposeA: true });
    for (let row = 0; row < size; row += 1) data[row * size + row] = (data[row * size + row] ?? 0) + this.ridge;
    return data;
  }

  async apply(x: Matrix): Promise<Matrix> {
    const outputs = await this.products.multiply(x, this.inputs, { transposeB: true });
    const back = await this.products.multiply(outputs, this.inputs);
    for (let at = 0; at < back.data.length; at += 1)
      back.data[at] = (back.data[at] ?? 0) + this.ridge * (x.data[at] ?? 0);
    return back;
  }

  /** The least weights e with A · eᵀ ≈ outputs. @param outputs samples × rows @returns rows × columns */
  async weightsFor(outputs: Matrix): Promise<Matrix> {
    const factor = await this.#factor(await this.products.multiply(this.inputs, this.inputs, { transposeB: true }));
    const solved = await factor.solve(outputs);
    return this.products.multiply(solved, this.inputs, { transposeA: true });
  }

  async inverseDiagonal(): Promise<(row: number) => Float64Array> {
    // (1 − a_jᵀ · M⁻¹ · a_j) / λ with M = A·Aᵀ + λI; no less than what float32 can tell.
    const factor = await this.#factor(await this.products.multiply(this.inputs, this.inputs, { transposeB: true }));
    const solved = await factor.solve(this.inputs);
    const shares = new Float64Array(this.columns);
    const { rows, columns, data } = this.inputs;
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        const at = row * columns + column;
        shares[column] = (shares[column] ?? 0) + (data[at] ?? 0) * (solved.data[at] ?? 0);
      }
    }
    const inverse = shares.map((share) => Math.max(1 - share, LEAST_SHARE) / this.ridge);
    return () => inverse;
  }

  async passErrors(weights: Matrix, rounding: Rounding, firstRow = 0): Promise<Matrix> {
    const { rows, columns } = weights;
    const samples = this.inputs.rows;
    const values = transposed(weights);
    const result = matrix(columns, rows);
    /** samples × rows: what the errors so far change of the outputs */
    const changed = matrix(samples, rows);
    for await (const { from, inputs, factor, pulls } of this.#blocks()) {
      const width = inputs.rows;
      const order = this.order.subarray(from, from + width);
      const wanted = matrix(width, rows);
      order.forEach((column, place) => wanted.data.set(rowsOf(values, column, 1).data, place * rows));
      const rounded = matrix(width, rows);
      const errors = matrix(width, rows);
      const { data: terms } = await this.products.multiply(pulls, changed, { transposeA: true });
      roundBlock(rows, wanted.data, order, factor, terms, rounded.data, errors.data, rounding, firstRow);
      order.forEach((column, place) => result.data.set(rowsOf(rounded, place, 1).data, column * rows));
      if (from === 0) break;
      const more = await this.products.multiply(inputs, errors, { transposeA: true });
      for (let at = 0; at < more.data.length; at += 1)
        changed.data[at] = (changed.data[at] ?? 0) + (more.data[at] ?? 0);
    }
    return transposed(result);
  }

  /** The blocks of columns, the last one first: found once, as far as they can be kept. */
  async *#blocks(): AsyncGenerator<ColumnBlock> {
    if (this.#known) {
      yield* this.#known;
      return;
    }
    const found: ColumnBlock[] = [];
    const isKept = this.columns * (8 * ROUNDED_TOGETHER + 4 * this.inputs.rows) <= MOST_KEPT_BYTES;
    const remaining = await this.products.multiply(this.ordered, this.ordered, { transposeA: true });
    for (let behind = this.columns; behind > 0;) {
      const from = Math.floor((behind - 1) / ROUNDED_TOGETHER) * ROUNDED_TOGETHER;
      const inputs = rowsOf(this.ordered, from, behind - from);
      const own = await this.products.multiply(inputs, inputs, { transposeA: true });
      for (let at = 0; at < own.data.length; at += 1)
        remaining.data[at] = (remaining.data[at] ?? 0) - (own.data[at] ?? 0);
      const block = { from, inputs, ...(await this.#costsOf(inputs, remaining)) };
      if (isKept) found.push(block);
      if (isKept && from === 0) this.#known = found;
      yield block;
      behind = from;
    }
  }

  /**
   * What a block's errors e cost when the columns still to come make up for them as well as they can: λ · ‖Lᵀe + Pᵀ · changed‖² with
   * L·Lᵀ = I + B·M⁻¹·Bᵀ and P = M⁻¹·Bᵀ·L⁻ᵀ, for the block's inputs B and M = A·Aᵀ + λI over the columns to come.
   */
  async #costsOf(inputs: Matrix, remaining: Matrix): Promise<Pick<ColumnBlock, "factor" | "pulls">> {
    const width = inputs.rows;
    const cholesky = await this.#factor(remaining);
    const solved = await cholesky.solve(transposed(inputs));
    const form = await this.products.multiply(inputs, solved);
    const elements = Float64Array.from(form.data);
    for (let at = 0; at < width; at += 1) elements[at * width + at] = (elements[at * width + at] ?? 0) + 1;
    const factor = choleskyFactor(width, elements);
    if (factor === undefined) throw new RangeError("the inputs of a layer on the calibration data are not all numbers");
    const inverse = matrix(width, width, Float32Array.from(lowerInverse(width, factor)));
    return { factor, pulls: await this.products.multiply(solved, inverse, { transposeB: true }) };
  }

  async #factor(products: Matrix): Promise<BlockCholesky> {
    for (const ridge of [this.ridge, 10 * this.ridge]) {
      const factor = await BlockCholesky.of(products.rows, products.data, ridge, this.products);
      if (factor) return factor;
    }
    throw new RangeError("the inputs of a layer on the calibration data are not all numbers");
  }
}

function squares({ columns, data }: Matrix): Float32Array {
  const sums = new Float32Array(columns);
  for (let at = 0; at < data.length; at += 1) {
    const column = at % columns;
    sums[column] = (sums[column] ?? 0) + (data[at] ?? 0) ** 2;
  }
  return sums;
}
