import { choleskyFactor, choleskySolve } from "../numeric/cholesky.ts";
import { matrix, type Matrix } from "../numeric/matrix.ts";
import { errorOf, minus, type OutputError } from "./output-error.ts";
import { refitted } from "./prune.ts";
import { isSparse, keptWeights } from "./kept-rows.ts";
import { maskedRounding, nearestIndex, paletteRounding } from "./rounding.ts";

export interface PaletteWeights {
  /** rows × columns of values of the codebook; zero where the mask has 0. */
  readonly weights: Matrix;
  /** Ascending. */
  readonly codebook: Float32Array;
}

/** Weights are sorted into so many bins before they are clustered: finer than any palette tells apart. */
const BINS = 2048;
/** Of inputs that are always zero: their weights are clustered all the same. */
const LEAST_IMPORTANCE = 1e-12;
/** Rounds of choosing values and fitting the codebook to what was chosen. */
const ROUNDS = 2;
/** Added to the diagonal of the codebook's equations as a share of its mean: values that nobody uses stay where they are. */
const CODEBOOK_RIDGE = 1e-6;

/**
 * A codebook that all weights of a layer share (Han et al.: "Deep Compression", ICLR 2016): clustered by what weights matter, values chosen
 * with errors passed on, and the codebook fitted to the outputs.
 * @param wanted rows × columns
 * @param size values of the codebook
 * @param mask rows × columns: weights with 0 are pruned, and cost no value
 * @param storable the nearest values that the file can hold, where not all are
 */
export async function shared(
  wanted: Matrix,
  error: OutputError,
  size: number,
  {
    mask,
    storable = (values) => values,
  }: { mask?: Uint8Array; storable?: (values: Float32Array) => Float32Array } = {},
): Promise<PaletteWeights> {
  const kept = mask !== undefined && isSparse(mask, wanted.columns) ? keptWeights(error, mask) : undefined;
  const target = kept ? await kept.solved(wanted) : mask ? await refitted(wanted, error, mask) : wanted;
  const first = storable(clustered(target, error, size, mask));
  const round = (values: Float32Array): Promise<Matrix> => {
    const nearest = paletteRounding(values);
    if (kept) return kept.rounded(target, nearest);
    return error.passErrors(target, mask ? maskedRounding(mask, target.columns, nearest) : nearest);
  };
  const off = ({ weights }: PaletteWeights): Promise<number> => {
    const change = minus(weights, target);
    return kept ? kept.errorOf(change) : errorOf(error, change);
  };
  let best: PaletteWeights = { codebook: first, weights: await round(first) };
  let least = await off(best);
  for (let turn = 0; turn < ROUNDS; turn += 1) {
    const indices = indicesOf(best.weights, best.codebook);
    const equations = kept
      ? await kept.tableEquations(indices, size, target)
      : await tableEquations(indices, size, target, error, mask);
    const solved = fittedCodebook(equations, best.codebook);
    if (solved === undefined) break;
    const fitted = storable(solved);
    const replaced = { codebook: fitted, weights: withCodebook(best, fitted, mask) };
    const [withoutRounding, again] = [replaced, { codebook: fitted, weights: await round(fitted) }];
    for (const candidate of [withoutRounding, again]) {
      const now = await off(candidate);
      if (now >= least) continue;
      least = now;
      best = candidate;
    }
  }
  return best;
}

/** Which value of the codebook each weight has: rows × columns. */
export function indicesOf({ data }: Matrix, codebook: Float32Array): Uint8Array {
  const bounds = boundsOf(codebook);
  // `Uint8Array.from` makes an object of each number first: seconds for a layer of millions.
  const indices = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 1) indices[at] = nearestIndex(bounds, data[at] ?? 0);
  return indices;
}

function boundsOf(codebook: Float32Array): Float64Array {
  return Float64Array.from({ length: Math.max(0, codebook.length - 1) }, (_, at) => {
    return ((codebook[at] ?? 0) + (codebook[at + 1] ?? 0)) / 2;
  });
}

/** Values with the least weighted squared distance: the best there are for the bins (Wang, Song: "Ckmeans.1d.dp", R Journal 2011). */
export function clustered(
  { columns, data }: Matrix,
  error: OutputError,
  size: number,
  mask?: Uint8Array,
): Float32Array {
  let least = Infinity;
  let most = -Infinity;
  for (let at = 0; at < data.length; at += 1) {
    if (mask?.[at] === 0) continue;
    const value = data[at] ?? 0;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (!(most > least)) return new Float32Array(size).fill(Number.isFinite(least) ? least : 0);
  const width = (most - least) / BINS;
  const masses = new Float64Array(BINS);
  const sums = new Float64Array(BINS);
  const squares = new Float64Array(BINS);
  let importance = error.diagonalOf(0);
  for (let at = 0; at < data.length; at += 1) {
    const column = at % columns;
    if (column === 0) importance = error.diagonalOf(at / columns);
    if (mask?.[at] === 0) continue;
    const value = data[at] ?? 0;
    const bin = Math.min(BINS - 1, Math.floor((value - least) / width));
    const mass = Math.max(importance[column] ?? 0, LEAST_IMPORTANCE);
    masses[bin] = (masses[bin] ?? 0) + mass;
    sums[bin] = (sums[bin] ?? 0) + mass * value;
    squares[bin] = (squares[bin] ?? 0) + mass * value * value;
  }
  const used = Array.from(masses.keys()).filter((bin) => (masses[bin] ?? 0) > 0);
  const means = bestIntervals(
    used.map((bin) => masses[bin] ?? 0),
    used.map((bin) => sums[bin] ?? 0),
    used.map((bin) => squares[bin] ?? 0),
    size,
  );
  // Fewer kinds of weights than values: the last one fills up.
  const last = means.at(-1) ?? 0;
  return Float32Array.from({ length: size }, (_, at) => means[at] ?? last);
}

/** Means of the intervals of sorted bins that have the least squared distances to them. */
function bestIntervals(
  masses: readonly number[],
  sums: readonly number[],
  squares: readonly number[],
  size: number,
): readonly number[] {
  const count = masses.length;
  const mass = running(masses);
  const sum = running(sums);
  const square = running(squares);
  const cost = (from: number, to: number): number => {
    const weight = (mass[to] ?? 0) - (mass[from] ?? 0);
    const total = (sum[to] ?? 0) - (sum[from] ?? 0);
    return Math.max(0, (square[to] ?? 0) - (square[from] ?? 0) - (total * total) / weight);
  };
  const clusters = Math.min(size, count);
  let costs = Float64Array.from({ length: count + 1 }, (_, to) => (to === 0 ? 0 : cost(0, to)));
  const starts: Int32Array[] = [new Int32Array(count + 1)];
  for (let cluster = 1; cluster < clusters; cluster += 1) {
    const next = new Float64Array(count + 1).fill(Infinity);
    const start = new Int32Array(count + 1);
    // The best start never goes back as the end goes on.
    const solve = (low: number, high: number, first: number, last: number): void => {
      if (low > high) return;
      const middle = (low + high) >> 1;
      let best = first;
      for (let from = first; from <= Math.min(last, middle - 1); from += 1) {
        const total = (costs[from] ?? 0) + cost(from, middle);
        if (total >= (next[middle] ?? 0)) continue;
        next[middle] = total;
        best = from;
      }
      start[middle] = best;
      solve(low, middle - 1, first, best);
      solve(middle + 1, high, best, last);
    };
    solve(cluster + 1, count, cluster, count - 1);
    starts.push(start);
    costs = next;
  }
  const means: number[] = [];
  let to = count;
  for (const start of starts.toReversed()) {
    const from = start[to] ?? 0;
    const weight = (mass[to] ?? 0) - (mass[from] ?? 0);
    if (weight > 0) means.unshift(((sum[to] ?? 0) - (sum[from] ?? 0)) / weight);
    to = from;
  }
  return means;
}

function running(numbers: readonly number[]): Float64Array {
  const result = new Float64Array(numbers.length + 1);
  numbers.forEach((value, at) => (result[at + 1] = (result[at] ?? 0) + value));
  return result;
}

interface TableEquations {
  /** size × size */
  readonly gram: Float64Array;
  readonly right: Float64Array;
}

/** H between the values of a table, summed over all weights that have them: see `KeptWeights.tableEquations`. */
async function tableEquations(
  indices: Uint8Array,
  size: number,
  target: Matrix,
  error: OutputError,
  mask: Uint8Array | undefined,
): Promise<TableEquations> {
  const { rows, columns } = target;
  const isUsed = (at: number): boolean => mask?.[at] !== 0;
  const gram = new Float64Array(size * size);
  const right = new Float64Array(size);
  const applied = await error.apply(target);
  for (let at = 0; at < indices.length; at += 1) {
    if (!isUsed(at)) continue;
    const index = indices[at] ?? 0;
    right[index] = (right[index] ?? 0) + (applied.data[at] ?? 0);
  }
  for (let value = 0; value < size; value += 1) {
    const members = matrix(rows, columns);
    for (let at = 0; at < indices.length; at += 1) members.data[at] = indices[at] === value && isUsed(at) ? 1 : 0;
    const { data } = await error.apply(members);
    for (let at = 0; at < indices.length; at += 1) {
      if (!isUsed(at)) continue;
      const place = value * size + (indices[at] ?? 0);
      gram[place] = (gram[place] ?? 0) + (data[at] ?? 0);
    }
  }
  return { gram, right };
}

/** The values with which the chosen places give outputs nearest to the target's: least squares over all rows at once. */
function fittedCodebook({ gram, right }: TableEquations, codebook: Float32Array): Float32Array | undefined {
  const size = codebook.length;
  let mean = 0;
  for (let at = 0; at < size; at += 1) mean += (gram[at * size + at] ?? 0) / size;
  const ridge = CODEBOOK_RIDGE * mean;
  for (let at = 0; at < size; at += 1) {
    gram[at * size + at] = (gram[at * size + at] ?? 0) + ridge;
    right[at] = (right[at] ?? 0) + ridge * (codebook[at] ?? 0);
  }
  const factor = choleskyFactor(size, gram);
  if (factor === undefined) return undefined;
  choleskySolve(size, factor, right);
  const fitted = Float32Array.from(right);
  return fitted.every((value, at) => Number.isFinite(value) && (at === 0 || value >= (fitted[at - 1] ?? 0)))
    ? fitted
    : undefined;
}

/** The same places with other values. */
function withCodebook(
  { weights, codebook }: PaletteWeights,
  fitted: Float32Array,
  mask: Uint8Array | undefined,
): Matrix {
  const indices = indicesOf(weights, codebook);
  return { ...weights, data: weights.data.map((_, at) => (mask?.[at] === 0 ? 0 : (fitted[indices[at] ?? 0] ?? 0))) };
}
