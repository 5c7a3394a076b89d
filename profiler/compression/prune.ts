import { matrix, type Matrix } from "../numeric/matrix.ts";
import type { OutputError } from "./output-error.ts";
import { isSparse, keptWeights, MOST_CUBES } from "./kept-rows.ts";

/**
 * What taking each weight out alone costs, as a share of the energy of the layer's outputs: w² / [H⁻¹]ⱼⱼ (Hassibi, Stork: "Optimal
 * Brain Surgeon", NIPS 1992).
 * @param energy Σ of the squared outputs on the samples that H is of
 * @returns rows × columns
 */
export async function saliencies(weights: Matrix, error: OutputError, energy: number): Promise<Float32Array> {
  const inverse = await error.inverseDiagonal();
  const { columns, data } = weights;
  const whole = energy > 0 ? energy : 1;
  return data.map((value, at) => {
    const column = at % columns;
    return (value * value) / ((inverse((at - column) / columns)[column] ?? 1) * whole);
  });
}

/**
 * 1 for so many of the largest.
 * @param sorted the same, ascending: sorted once where several masks are made
 */
export function mostSalient(saliency: Float32Array, kept: number, sorted = saliency.toSorted()): Uint8Array {
  if (kept >= saliency.length) return new Uint8Array(saliency.length).fill(1);
  const threshold = sorted[saliency.length - kept - 1] ?? Infinity;
  return Uint8Array.from(saliency, (value) => (value > threshold ? 1 : 0));
}

/** Weights that are left before the last are taken out, as multiples of those that stay: what makes up for whom changes on the way. */
const STAGES = [4, 2.2, 1.4] as const;

/**
 * Which weights stay, taken out in stages: each fits what is left, and asks anew what taking one of it out costs (Hassibi, Stork, 1992,
 * a step of many weights at a time).
 * @param saliency of all weights, as `saliencies` gives it
 * @param kept how many stay
 */
export async function stagedMask(
  target: Matrix,
  error: OutputError,
  saliency: Float32Array,
  kept: number,
): Promise<Uint8Array> {
  let costs = saliency;
  for (const stage of STAGES) {
    const mask = mostSalient(costs, Math.round(stage * kept));
    if (!isSparse(mask, target.columns, CUBES_OF_STAGE)) continue;
    const rows = keptWeights(error, mask);
    costs = await rows.saliencies(await rows.solved(target));
  }
  return mostSalient(costs, kept);
}

/** Work of a stage: see `isSparse`. */
const CUBES_OF_STAGE = 3e9;

/** Keeps the `kept` most salient of every `group` weights along a row (Mishra et al.: "Accelerating Sparse Deep Neural Networks", 2021). */
export function patternMask(saliency: Float32Array, columns: number, kept: number, group: number): Uint8Array {
  const mask = new Uint8Array(saliency.length);
  for (let row = 0; row < saliency.length; row += columns) {
    for (let from = row; from < row + columns; from += group) {
      const places = Array.from({ length: Math.min(group, row + columns - from) }, (_, at) => from + at);
      places.sort((a, b) => (saliency[b] ?? 0) - (saliency[a] ?? 0));
      for (const at of places.slice(0, kept)) mask[at] = 1;
    }
  }
  return mask;
}

/**
 * What each weight costs, as the mean of its block: blocks of so many inputs beside each other in a row go and stay as one (Mao et al.:
 * "Exploring the Regularity of Sparse Structure in Convolutional Neural Networks", 2017).
 */
export function blockSaliencies(saliency: Float32Array, columns: number, block: number): Float32Array {
  const means = new Float32Array(saliency.length);
  for (let row = 0; row < saliency.length; row += columns) {
    for (let from = row; from < row + columns; from += block) {
      const until = Math.min(from + block, row + columns);
      const sum = saliency.subarray(from, until).reduce((all, value) => all + value, 0);
      means.fill(sum / (until - from), from, until);
    }
  }
  return means;
}

/** How much work a fit may be. */
export interface FitEffort {
  /** Steps where many weights stay: each is one product with H. */
  readonly steps: number;
  /** Where fewer stay, they are solved for exactly: see `isSparse`. */
  readonly cubes: number;
}

/** The weights are near already. */
const IN_FULL: FitEffort = { steps: 60, cubes: MOST_CUBES };
/** The fit ends when what is left of the gradient is this share of the first. */
const CLOSE_ENOUGH = 1e-4;

/**
 * The weights that stay, fitted so that outputs come nearest to those of `target`: least squares for each row over what stays of it, by
 * conjugate gradients for all rows at once where many stay.
 */
export async function refitted(
  target: Matrix,
  error: OutputError,
  mask: Uint8Array,
  effort: FitEffort = IN_FULL,
): Promise<Matrix> {
  const { rows, columns } = target;
  if (isSparse(mask, columns, effort.cubes)) return keptWeights(error, mask).solved(target);
  const x = masked(target.data, mask);
  const difference = matrix(
    rows,
    columns,
    x.map((value, at) => (target.data[at] ?? 0) - value),
  );
  const residual = masked((await error.apply(difference)).data, mask);
  const direction = preconditioned(residual, error, columns);
  let sizes = rowProducts(residual, direction, rows, columns);
  const first = sizes.slice();
  for (let step = 0; step < effort.steps; step += 1) {
    if (sizes.every((size, row) => size <= CLOSE_ENOUGH ** 2 * (first[row] ?? 0))) break;
    const image = masked((await error.apply(matrix(rows, columns, direction))).data, mask);
    const curvature = rowProducts(direction, image, rows, columns);
    for (let row = 0; row < rows; row += 1) {
      const bend = curvature[row] ?? 0;
      if (bend <= 0) continue;
      const length = (sizes[row] ?? 0) / bend;
      for (let at = row * columns; at < (row + 1) * columns; at += 1) {
        x[at] = (x[at] ?? 0) + length * (direction[at] ?? 0);
        residual[at] = (residual[at] ?? 0) - length * (image[at] ?? 0);
      }
    }
    const next = preconditioned(residual, error, columns);
    const nextSizes = rowProducts(residual, next, rows, columns);
    for (let row = 0; row < rows; row += 1) {
      const size = sizes[row] ?? 0;
      const share = size > 0 ? (nextSizes[row] ?? 0) / size : 0;
      for (let at = row * columns; at < (row + 1) * columns; at += 1)
        direction[at] = (next[at] ?? 0) + share * (direction[at] ?? 0);
    }
    sizes = nextSizes;
  }
  return matrix(rows, columns, x);
}

function masked(data: Float32Array, mask: Uint8Array): Float32Array {
  return data.map((value, at) => (mask[at] === 0 ? 0 : value));
}

function preconditioned(residual: Float32Array, error: OutputError, columns: number): Float32Array {
  return residual.map((value, at) => {
    const column = at % columns;
    const own = error.diagonalOf((at - column) / columns)[column] ?? 0;
    return own > 0 ? value / own : value;
  });
}

function rowProducts(a: Float32Array, b: Float32Array, rows: number, columns: number): Float64Array {
  const sums = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    let sum = 0;
    for (let at = row * columns; at < (row + 1) * columns; at += 1) sum += (a[at] ?? 0) * (b[at] ?? 0);
    sums[row] = sum;
  }
  return sums;
}
