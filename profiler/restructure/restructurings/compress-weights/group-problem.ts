import type { OutputError } from "../../../compression/output-error.ts";
import { gramError, sampledError } from "../../../compression/sampled-error.ts";
import type { RowMoments } from "../../../neutral/activations.ts";
import { centreColumns } from "../../../neutral/gather-rows.js";
import { matrix, type Matrix } from "../../../numeric/matrix.ts";
import type { Products } from "../../../numeric/products.ts";

/** The weights of a group of a layer, and what changing them costs at its outputs. */
export interface GroupProblem {
  /** With A·targetᵀ ≈ B·Wᵀ, for rows A that it is given now and B before, centred where there is a bias, which takes up means. */
  readonly target: Matrix;
  readonly error: OutputError;
  /** Σ of the squared outputs. */
  readonly energy: number;
  /** Of each column. */
  readonly meanNow: Float32Array;
  readonly meanBefore: Float32Array;
}

/**
 * @param now rows × columns, centred where they stand
 * @param before undefined: the same
 */
export async function problemOfRows(
  weights: Matrix,
  now: Matrix,
  before: Matrix | undefined,
  isCentred: boolean,
  products: Products,
): Promise<GroupProblem> {
  const meanOf = ({ data, columns }: Matrix): Float32Array =>
    isCentred ? centreColumns(data, columns) : new Float32Array(columns);
  const meanNow = meanOf(now);
  const meanBefore = before === undefined ? meanNow : meanOf(before);
  const sampled = await sampledError(now, products);
  const { error } = sampled;
  const outputs = await products.multiply(before ?? now, weights, { transposeB: true });
  const energy = squares(outputs);
  if (before === undefined) return { target: weights, error, energy, meanNow, meanBefore };
  const reached = await products.multiply(now, weights, { transposeB: true });
  for (let at = 0; at < outputs.data.length; at += 1)
    outputs.data[at] = (outputs.data[at] ?? 0) - (reached.data[at] ?? 0);
  return { target: sum(weights, await sampled.weightsFor(outputs)), error, energy, meanNow, meanBefore };
}

/** @param samples rows that the moments are of */
export async function problemOfMoments(
  weights: Matrix,
  { gram, pulls, energy, meanNow, meanBefore }: RowMoments,
  samples: number,
  products: Products,
): Promise<GroupProblem> {
  const { rows, columns } = weights;
  const error = await gramError(matrix(columns, columns, gram), samples, products);
  const target = pulls ? sum(weights, await error.solved(matrix(columns, rows, pulls))) : weights;
  return { target, error, energy, meanNow, meanBefore };
}

/** W · mean(B) − Q · mean(A), for each row. @param groups one for each `rowsPerGroup` rows */
export function biasShift(
  before: Matrix,
  now: Matrix,
  groups: readonly GroupProblem[],
  rowsPerGroup: number,
): Float32Array {
  const { columns } = before;
  return Float32Array.from({ length: before.rows }, (_, row) => {
    const group = groups[Math.floor(row / rowsPerGroup)];
    let shift = 0;
    for (let column = 0; column < columns; column += 1) {
      const at = row * columns + column;
      shift += (before.data[at] ?? 0) * (group?.meanBefore[column] ?? 0);
      shift -= (now.data[at] ?? 0) * (group?.meanNow[column] ?? 0);
    }
    return shift;
  });
}

function sum(a: Matrix, b: Matrix): Matrix {
  const result = matrix(a.rows, a.columns);
  for (let at = 0; at < result.data.length; at += 1) result.data[at] = (a.data[at] ?? 0) + (b.data[at] ?? 0);
  return result;
}

/** Σ of the squared elements. */
export function squares({ data }: Matrix): number {
  let sum = 0;
  for (const value of data) sum += value * value;
  return sum;
}
