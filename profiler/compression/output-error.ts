import { matrix, type Matrix } from "../numeric/matrix.ts";
import type { Rounding } from "./rounding.ts";

/** Elements of H that are worth their memory: 128 MiB in float32, as much again while it is factored, and 256 MiB where `among` gives all of it. */
export const MOST_ELEMENTS_OF_H = 2 ** 25;

/**
 * How much a change of a layer's weights changes its outputs on the calibration samples: Σ ‖A · eᵀ‖² + λ‖e‖² for the errors `e` of each
 * row of weights, a quadratic form with H = Aᵀ · A + λ · I (Hassibi, Stork: "Optimal Brain Surgeon", NIPS 1992).
 */
export interface OutputError {
  /** Columns of the weights. */
  readonly columns: number;
  /** H is the identity: no weight makes up for another. */
  readonly isIdentity?: true;
  /** The diagonal of H: how much each column matters, for a row of weights. */
  diagonalOf(row: number): Float32Array;
  /** x · H. @param x rows × columns */
  apply(x: Matrix): Promise<Matrix>;
  /** H of some columns, for a row of weights: columns × columns. */
  among(columns: Uint32Array, row: number): Promise<ArrayLike<number>>;
  /** The diagonal of H⁻¹, for a row of weights. */
  inverseDiagonal(): Promise<(row: number) => Float64Array>;
  /**
   * Rounds the weights column by column, those that matter most first, each error passed on to the columns to come, so that outputs
   * change least (Frantar et al.: "GPTQ", ICLR 2023; in the form of Babai's nearest plane: Chen et al., 2025).
   * @param weights rows × columns
   * @param firstRow the row of the layer that the first row is
   * @returns the rounded weights
   */
  passErrors(weights: Matrix, rounding: Rounding, firstRow?: number): Promise<Matrix>;
}

/** Of weights alone: every column matters the same. */
export function plainError(columns: number): OutputError {
  const diagonal = new Float32Array(columns).fill(1);
  const inverse = new Float64Array(columns).fill(1);
  return {
    columns,
    isIdentity: true,
    diagonalOf: () => diagonal,
    apply: (x) => Promise.resolve(x),
    among: ({ length }) =>
      Promise.resolve(Float64Array.from({ length: length * length }, (_, at) => (at % (length + 1) === 0 ? 1 : 0))),
    inverseDiagonal: () => Promise.resolve(() => inverse),
    passErrors: (weights, rounding, firstRow = 0) => Promise.resolve(roundedAlone(weights, rounding, firstRow)),
  };
}

/** Each weight to its nearest value. */
function roundedAlone({ rows, columns, data }: Matrix, rounding: Rounding, firstRow: number): Matrix {
  const result = matrix(rows, columns);
  const values = new Float64Array(rows);
  for (let column = 0; column < columns; column += 1) {
    for (let row = 0; row < rows; row += 1) values[row] = data[row * columns + column] ?? 0;
    rounding.round(column, values, values, firstRow);
    for (let row = 0; row < rows; row += 1) result.data[row * columns + column] = values[row] ?? 0;
  }
  return result;
}

/** Σ x · H · xᵀ over all rows. */
export async function errorOf(error: OutputError, x: Matrix): Promise<number> {
  const { data } = await error.apply(x);
  let sum = 0;
  for (let at = 0; at < data.length; at += 1) sum += (data[at] ?? 0) * (x.data[at] ?? 0);
  return sum;
}

export function minus(a: Matrix, b: Matrix): Matrix {
  const result = matrix(a.rows, a.columns);
  for (let at = 0; at < result.data.length; at += 1) result.data[at] = (a.data[at] ?? 0) - (b.data[at] ?? 0);
  return result;
}
