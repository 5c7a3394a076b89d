import { matrix, type Matrix } from "../numeric/matrix.ts";
import { descended } from "./coordinate-descent.ts";
import { errorOf, minus, type OutputError } from "./output-error.ts";
import { uniformRounding, type UniformGrid } from "./rounding.ts";

/** What a grid of evenly spaced levels is to be like. */
export interface GridSpec {
  readonly lowest: number;
  readonly highest: number;
  /** Columns that share a scale; undefined: all of a row's. */
  readonly blockSize?: number;
  /** Levels may be shifted, so that zero is none of the middle ones. */
  readonly hasZeroPoint: boolean;
  /** A scale may be negative, which gives the level more that two's complement has to the positive side. */
  readonly maySwapSides: boolean;
}

/** Scales that are tried for each block, from that of its largest weight down. */
const TRIED = 36;
const LIKELY = 12;
/** The likely ones first: others are given up where their error exceeds the best. */
const TRIED_FIRST_TO_LAST = Array.from({ length: TRIED }, (_, step) => step).sort(
  (a, b) => Math.abs(a - LIKELY) - Math.abs(b - LIKELY),
);
/** Smallest of them as a share of the first: few levels are better spent on the many small weights. */
const SMALLEST_WITH_FEW_LEVELS = 0.2;
const SMALLEST_WITH_MANY_LEVELS = 0.6;
const MANY_LEVELS = 32;
const LARGEST = 1.05;

/**
 * The scale of each block of each row with the least squared error, columns weighted by how much they matter.
 * @param error whose diagonal says how much columns matter
 */
export function searchScales(weights: Matrix, error: OutputError, spec: GridSpec): UniformGrid {
  const { rows, columns, data } = weights;
  const { lowest, highest } = spec;
  const blockSize = spec.blockSize ?? columns;
  const blocks = Math.ceil(columns / blockSize);
  const scales = new Float32Array(rows * blocks).fill(1);
  const zeroPoints = new Float32Array(rows * blocks);
  for (let row = 0; row < rows; row += 1) {
    const importance = error.diagonalOf(row);
    for (let block = 0; block < blocks; block += 1) {
      const from = block * blockSize;
      const to = Math.min(columns, from + blockSize);
      const values = data.subarray(row * columns + from, row * columns + to);
      const best = bestScale(values, importance.subarray(from, to), spec);
      scales[row * blocks + block] = best.scale;
      zeroPoints[row * blocks + block] = best.zeroPoint;
    }
  }
  return { lowest, highest, blockSize, blocks, scales, zeroPoints };
}

interface Level {
  readonly scale: number;
  readonly zeroPoint: number;
}

function bestScale(values: Float32Array, importance: Float32Array, spec: GridSpec): Level {
  const { lowest, highest, hasZeroPoint, maySwapSides } = spec;
  let least = 0;
  let most = 0;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least === 0 && most === 0) return { scale: 1, zeroPoint: 0 };
  const levels = highest - lowest;
  const smallest = levels < MANY_LEVELS ? SMALLEST_WITH_FEW_LEVELS : SMALLEST_WITH_MANY_LEVELS;
  let best: Level = { scale: 1, zeroPoint: 0 };
  let bestError = Infinity;
  const attempt = (scale: number, zeroPoint: number): void => {
    const error = squaredError(values, importance, scale, lowest - zeroPoint, highest - zeroPoint, bestError);
    if (error >= bestError) return;
    bestError = error;
    best = { scale: Math.fround(scale), zeroPoint };
  };
  for (const step of TRIED_FIRST_TO_LAST) {
    const factor = LARGEST - ((LARGEST - smallest) * step) / (TRIED - 1);
    if (hasZeroPoint) {
      const scale = (factor * (most - least)) / levels;
      attempt(scale, Math.min(highest, Math.max(lowest, lowest + Math.round((-factor * least) / scale))));
      continue;
    }
    const size = factor * Math.max(-least, most);
    attempt(size / highest, 0);
    if (!maySwapSides || -lowest === highest) continue;
    attempt(size / -lowest, 0);
    attempt(-size / -lowest, 0);
  }
  return best;
}

function squaredError(
  values: Float32Array,
  importance: Float32Array,
  scale: number,
  lowest: number,
  highest: number,
  limit: number,
): number {
  const inverse = 1 / scale;
  let sum = 0;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] ?? 0;
    let level = Math.floor(value * inverse + 0.5);
    if (level < lowest) level = lowest;
    else if (level > highest) level = highest;
    const error = value - level * scale;
    sum += (importance[at] ?? 0) * error * error;
    if (sum >= limit) return sum;
  }
  return sum;
}

/** The levels of rounded weights: whole numbers from lowest to highest, rows × columns. */
export function levelsOf({ rows, columns, data }: Matrix, grid: UniformGrid): Int32Array {
  const { blockSize, blocks, scales, zeroPoints } = grid;
  const levels = new Int32Array(data.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const place = row * blocks + Math.floor(column / blockSize);
      const at = row * columns + column;
      levels[at] = Math.round((data[at] ?? 0) / (scales[place] ?? 1)) + (zeroPoints[place] ?? 0);
    }
  }
  return levels;
}

/** The inverse of `levelsOf`. */
function onGrid(levels: Int32Array, { rows, columns }: Matrix, grid: UniformGrid): Matrix {
  const { blockSize, blocks, scales, zeroPoints } = grid;
  const result = matrix(rows, columns);
  for (let row = 0, at = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1, at += 1) {
      const place = row * blocks + Math.floor(column / blockSize);
      result.data[at] = ((levels[at] ?? 0) - (zeroPoints[place] ?? 0)) * (scales[place] ?? 1);
    }
  }
  return result;
}

/** Rounds that are made with scales fitted to the levels that the round before chose. */
const REFITS_WITH_FEW_LEVELS = 2;

export interface GridWeights {
  readonly weights: Matrix;
  readonly grid: UniformGrid;
}

/**
 * Where better scales alone take off less than this of the error, weights that are rounded to them again differ by chance: by 1 % more or less
 * in the layers of the sample models.
 */
const LEAST_GAIN = 0.01;

/**
 * Weights on a grid, with errors passed on. With few levels the scales are fitted again to the levels that were chosen, as long as
 * that helps.
 * @param target rows × columns
 */
export async function roundToGrid(target: Matrix, error: OutputError, spec: GridSpec): Promise<GridWeights> {
  const found = searchScales(target, error, spec);
  let best: GridWeights = { grid: found, weights: await error.passErrors(target, uniformRounding(found)) };
  const levels = spec.highest - spec.lowest;
  if (levels >= MANY_LEVELS / 2) return best;
  // Then weights are changed one by one, and scales with them.
  const descends = levels < MOST_LEVELS_TO_DESCEND;
  let least = await errorOf(error, minus(best.weights, target));
  for (let refit = 0; refit < REFITS_WITH_FEW_LEVELS; refit += 1) {
    const refitted = await refittedScales(best, target, error);
    if (refitted === undefined) break;
    const { grid, gained } = refitted;
    const isEnough = !descends && gained < LEAST_GAIN * least;
    const again = isEnough ? undefined : { grid, weights: await error.passErrors(target, uniformRounding(grid)) };
    const now = again ? await errorOf(error, minus(again.weights, target)) : Infinity;
    if (again === undefined || now >= least - (descends ? 0 : gained)) {
      if (!descends) best = { grid, weights: onGrid(levelsOf(best.weights, best.grid), best.weights, grid) };
      break;
    }
    least = now;
    best = again;
  }
  return descends ? descendedOnGrid(best, target, error) : best;
}

/** Weights of 2 bits gain 1.6 to 3.6 dB, those of 3 bits up to 1.5. */
const MOST_LEVELS_TO_DESCEND = 8;
/** Times that weights are changed one by one, scales fitted to them each time. */
const DESCENTS = 3;

async function descendedOnGrid(rounded: GridWeights, target: Matrix, error: OutputError): Promise<GridWeights> {
  let { grid, weights } = rounded;
  for (let descent = 0; descent < DESCENTS; descent += 1) {
    weights = await descended(weights, target, error, uniformRounding(grid));
    const refitted = await refittedScales({ grid, weights }, target, error);
    if (refitted === undefined) break;
    weights = onGrid(levelsOf(weights, grid), weights, refitted.grid);
    grid = refitted.grid;
  }
  return { grid, weights };
}

interface RefittedScales {
  readonly grid: UniformGrid;
  /** What the same levels with these scales take off the squared error. */
  readonly gained: number;
}

/** One scale a row by least squares over the levels of the rows; undefined for blocks, which have a scale each. */
async function refittedScales(
  { grid, weights }: GridWeights,
  target: Matrix,
  error: OutputError,
): Promise<RefittedScales | undefined> {
  if (grid.blocks !== 1) return undefined;
  const { factors, gained } = await fittedRows(weights, target, error);
  return { grid: { ...grid, scales: grid.scales.map((scale, row) => scale * (factors[row] ?? 1)) }, gained };
}

/** For each row, the factor of its weights with which outputs come nearest to the target's. */
export async function rowFactors(weights: Matrix, target: Matrix, error: OutputError): Promise<Float64Array> {
  return (await fittedRows(weights, target, error)).factors;
}

async function fittedRows(
  weights: Matrix,
  target: Matrix,
  error: OutputError,
): Promise<{ readonly factors: Float64Array; readonly gained: number }> {
  const { rows, columns } = weights;
  const applied = await error.apply(weights);
  const factors = new Float64Array(rows).fill(1);
  let gained = 0;
  for (let row = 0; row < rows; row += 1) {
    let own = 0;
    let shared = 0;
    for (let at = row * columns; at < (row + 1) * columns; at += 1) {
      own += (applied.data[at] ?? 0) * (weights.data[at] ?? 0);
      shared += (applied.data[at] ?? 0) * (target.data[at] ?? 0);
    }
    if (own <= 0 || shared <= 0) continue;
    factors[row] = shared / own;
    gained += own * (shared / own - 1) ** 2;
  }
  return { factors, gained };
}

/** One scale for all: the largest that any output asks for, in which every weight fits. */
export async function roundToOneScale(target: Matrix, error: OutputError, spec: GridSpec): Promise<GridWeights> {
  const found = searchScales(target, error, spec);
  const isZero = (row: number): boolean =>
    target.data.subarray(row * target.columns, (row + 1) * target.columns).every((value) => value === 0);
  const largest = found.scales.reduce((most, scale, row) => (isZero(row) ? most : Math.max(most, scale)), 0);
  const grid = { ...found, scales: found.scales.map(() => largest || 1) };
  return { grid, weights: await error.passErrors(target, uniformRounding(grid)) };
}
