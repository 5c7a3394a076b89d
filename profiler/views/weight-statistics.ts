import { isSliceable, slice, type Sliceable } from "../model/constant-slice.ts";
import { readConstant } from "../model/constant-values.ts";
import { bitsOf, isFloat, isInteger, type DataType } from "../model/data-type.ts";
import type { Constant } from "../model/model.ts";
import { elementsOf } from "../model/shape.ts";

/** How the elements of a constant are spread: a few numbers, however many elements there are. */
export interface WeightStatistics {
  /** The stored tensor's name: a weight may reach its layer through operators that widen or reshape it. */
  readonly name: string;
  readonly storedType: DataType;
  readonly elements: number;
  /** Elements looked at: all, or blocks spread evenly over a large tensor. */
  readonly sampled: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  readonly standardDeviation: number;
  /** Part of the elements that are exactly 0, as they are stored (for quantized ones: the zero point). */
  readonly zeros: number;
  /** Part of the elements within NEAR_ZERO of the largest magnitude, exact zeros among them. */
  readonly nearZeros: number;
  /** Elements that are no finite numbers. */
  readonly notFinite: number;
  /** Elements in each of equally wide bins from minimum to maximum. */
  readonly histogram: readonly number[];
  /** Distinct values of an integer type of 8 bits or fewer, and how many the type has. */
  readonly levels: { readonly used: number; readonly possible: number } | null;
  /** Range of each output channel, of groups of neighbours where there are many; null when only a sample was read. */
  readonly channels: ChannelRanges | null;
}

export interface ChannelRanges {
  readonly axis: number;
  readonly count: number;
  /** Neighbouring channels that share a range. */
  readonly grouped: number;
  readonly ranges: readonly (readonly [minimum: number, maximum: number])[];
}

export interface StatisticsOptions {
  readonly name: string;
  /** Of the output channels; the first one when left out. */
  readonly channelAxis?: number;
  readonly zeroPoint?: number;
}

/** Elements kept in memory as doubles: 32 MiB. Beyond, blocks are sampled. */
export const MOST_ELEMENTS = 2 ** 22;

/** Of a sample. Long enough that the disk reads a page at a time, short enough that every layer of a stack is met. */
const BLOCK_ELEMENTS = 2 ** 14;

export const HISTOGRAM_BINS = 32;

/** What pruning would take first: below 1 % of the largest magnitude. */
export const NEAR_ZERO = 0.01;

/** A picture is not wider. */
const MOST_RANGES = 256;

/**
 * Reads a constant, in bounded memory, and tells how its elements are spread.
 * @returns undefined for types that are no real numbers, and for constants whose elements are not in the file
 * @throws what `readConstant` throws
 */
export async function weightStatistics(
  constant: Constant,
  { name, channelAxis = 0, zeroPoint = 0 }: StatisticsOptions,
): Promise<WeightStatistics | undefined> {
  const elements = elementsOf(constant.shape) ?? 0;
  const values = await readBounded(constant, elements);
  if (!values) return undefined;
  const moments = momentsOf(values, zeroPoint);
  return {
    name,
    storedType: constant.dataType,
    elements,
    sampled: values.length,
    ...moments,
    nearZeros: nearZeros(values, zeroPoint, moments),
    histogram: histogramOf(values, moments),
    levels: levelsOf(constant.dataType, values),
    channels: values.length === elements ? channelRanges(constant.shape, values, channelAxis) : null,
  };
}

async function readBounded(constant: Constant, elements: number): Promise<Float64Array | undefined> {
  if (elements <= MOST_ELEMENTS) return readConstant(constant);
  return isSliceable(constant) ? readSample(constant, elements) : undefined;
}

/** Blocks at equal distances, the first and the last elements among them. */
async function readSample(constant: Sliceable, elements: number): Promise<Float64Array | undefined> {
  const blocks = MOST_ELEMENTS / BLOCK_ELEMENTS;
  const sample = new Float64Array(MOST_ELEMENTS);
  for (let block = 0; block < blocks; block += 1) {
    const evenly = Math.floor((block * (elements - BLOCK_ELEMENTS)) / (blocks - 1));
    // Eight elements fill whole bytes, whatever their width.
    const first = evenly - (evenly % 8);
    const read = await readConstant(slice(constant, first, BLOCK_ELEMENTS));
    if (!read) return undefined;
    sample.set(read, block * BLOCK_ELEMENTS);
  }
  return sample;
}

type Moments = Pick<WeightStatistics, "minimum" | "maximum" | "mean" | "standardDeviation" | "zeros" | "notFinite">;

/** Welford's running mean and variance ("Note on a method for calculating corrected sums of squares", Technometrics 1962). */
function momentsOf(values: Float64Array, zeroPoint: number): Moments {
  let [minimum, maximum, mean, squares, zeros, seen] = [Infinity, -Infinity, 0, 0, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    seen += 1;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
    if (value === zeroPoint) zeros += 1;
    const distance = value - mean;
    mean += distance / seen;
    squares += distance * (value - mean);
  }
  const none = seen === 0;
  return {
    minimum: none ? 0 : minimum,
    maximum: none ? 0 : maximum,
    mean,
    standardDeviation: none ? 0 : Math.sqrt(squares / seen),
    zeros: part(zeros, values.length),
    notFinite: values.length - seen,
  };
}

function nearZeros(values: Float64Array, zeroPoint: number, { minimum, maximum }: Moments): number {
  const largest = Math.max(Math.abs(minimum - zeroPoint), Math.abs(maximum - zeroPoint));
  let near = 0;
  for (const value of values) if (Math.abs(value - zeroPoint) <= NEAR_ZERO * largest) near += 1;
  return part(near, values.length);
}

function histogramOf(values: Float64Array, { minimum, maximum }: Moments): readonly number[] {
  const bins = new Array<number>(HISTOGRAM_BINS).fill(0);
  const width = (maximum - minimum) / HISTOGRAM_BINS;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    const bin = width > 0 ? Math.min(HISTOGRAM_BINS - 1, Math.floor((value - minimum) / width)) : 0;
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return bins;
}

function levelsOf(type: DataType, values: Float64Array): WeightStatistics["levels"] {
  const bits = bitsOf(type) ?? 64;
  if (bits > 8 || !isInteger(type) || isFloat(type)) return null;
  return { used: new Set(values).size, possible: 2 ** bits };
}

function channelRanges(shape: readonly number[], values: Float64Array, axis: number): ChannelRanges | null {
  const count = shape[axis];
  if (shape.length < 2 || count === undefined || count < 2 || values.length === 0) return null;
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const grouped = Math.ceil(count / MOST_RANGES);
  const ranges = Array.from({ length: Math.ceil(count / grouped) }, (): [number, number] => [Infinity, -Infinity]);
  values.forEach((value, position) => {
    const range = ranges[Math.floor((Math.floor(position / inner) % count) / grouped)];
    if (!range || !Number.isFinite(value)) return;
    range[0] = Math.min(range[0], value);
    range[1] = Math.max(range[1], value);
  });
  // A channel without a finite number has no range.
  return { axis, count, grouped, ranges: ranges.map(([low, high]) => (low <= high ? [low, high] : [0, 0])) };
}

function part(count: number, of: number): number {
  return of === 0 ? 0 : count / of;
}
