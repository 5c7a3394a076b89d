/** What Deep Compression (Han, Mao, Dally, ICLR 2016) would store of a layer: gaps between weights, places in a table, and the table. */
export interface DeepCompression {
  /** Weights that are not zero. */
  readonly kept: number;
  /** Distinct values of them. */
  readonly values: number;
  /** With gaps and places in whole bits. */
  readonly storedBytes: number;
  /** With gaps and places as Huffman codes. */
  readonly huffmanBytes: number;
}

/** A table of more values is no table. */
const MOST_VALUES = 256;
/** Bits of a gap that are tried: Han takes 5 in fully connected layers and 8 in convolutions. */
const GAP_BITS = [2, 3, 4, 5, 6, 7, 8] as const;
const BYTES_OF_VALUE = 4;

/** Levels of eight bits, of either sign. */
const MOST_LEVEL = 128;
/** Fewer columns are levels of some scale by chance. */
const FEWEST_COLUMNS = 8;
/** The smallest step between values of a row may be one of up to so many levels. */
const MOST_STEP = 8;
/** How far a quotient of two floats may be from a whole number. */
const TOLERANCE = 1e-3;

/**
 * An estimate: no runtime reads such files.
 * @param weights of one layer, decoded: rows × columns
 * @param rows outputs, or blocks of them, of which each may have a scale of its own
 * @returns null where they have too many distinct values to be codes
 */
export function deepCompressionOf(weights: Float32Array, rows = 1): DeepCompression | null {
  const shared = codedBytes(weights, (values) => BYTES_OF_VALUE * values);
  if (shared !== null && rows === 1) return shared;
  const levels = levelsOfRows(weights, rows);
  const scaled = levels && codedBytes(levels, () => BYTES_OF_VALUE * rows);
  // A few rows of two values each are a table too, of more values than levels.
  return scaled && (shared === null || scaled.huffmanBytes < shared.huffmanBytes) ? scaled : shared;
}

/** Weights as whole numbers of levels of each row's scale; null where they are no such levels. */
function levelsOfRows(weights: Float32Array, rows: number): Float32Array | null {
  const columns = weights.length / rows;
  if (columns < FEWEST_COLUMNS) return null;
  const levels = new Float32Array(weights.length);
  for (let row = 0; row < rows; row += 1) {
    const values = weights.subarray(row * columns, (row + 1) * columns);
    const scale = scaleOf(values);
    if (scale === null) return null;
    for (let column = 0; column < columns; column += 1)
      levels[row * columns + column] = Math.round((values[column] ?? 0) / scale);
  }
  return levels;
}

/** The largest scale of which all values are whole multiples, up to 128; null without. */
function scaleOf(values: Float32Array): number | null {
  const distinct = [...new Set([...values, 0])].sort((a, b) => a - b);
  if (distinct.length > 2 * MOST_LEVEL) return null;
  const largest = Math.max(-(distinct[0] ?? 0), distinct.at(-1) ?? 0);
  if (largest === 0) return 1;
  const step = distinct.slice(1).reduce((least, value, at) => Math.min(least, value - (distinct[at] ?? 0)), Infinity);
  for (let parts = 1; parts <= MOST_STEP; parts += 1) {
    // Of the largest value, which tells a scale with the least error.
    const level = Math.round((parts * largest) / step);
    if (level > MOST_LEVEL) return null;
    const scale = largest / level;
    if (distinct.every((value) => Math.abs(value / scale - Math.round(value / scale)) < TOLERANCE)) return scale;
  }
  return null;
}

/** @param tableBytes of so many distinct values that are not zero */
function codedBytes(weights: Float32Array, tableBytes: (values: number) => number): DeepCompression | null {
  const counts = new Map<number, number>();
  let zeros = 0;
  for (const value of weights) {
    if (value === 0) {
      zeros += 1;
      continue;
    }
    counts.set(value, (counts.get(value) ?? 0) + 1);
    if (counts.size > MOST_VALUES) return null;
  }
  const values = counts.size;
  const kept = weights.length - zeros;
  const table = tableBytes(values);
  const dense = {
    storedBytes: bytes(weights.length * bitsFor(values + (zeros > 0 ? 1 : 0))) + table,
    huffmanBytes: bytes(huffmanBits([...counts.values(), zeros])) + table,
  };
  const sparse = GAP_BITS.map((bits) => {
    const gaps = gapCounts(weights, bits);
    const entries = gaps.reduce((sum, count) => sum + count, 0);
    // A longer gap has stored zeros within, which are a value of the table.
    const fillers = entries - kept;
    return {
      storedBytes: bytes(entries * (bits + bitsFor(values + (fillers > 0 ? 1 : 0)))) + table,
      huffmanBytes: bytes(huffmanBits(gaps) + huffmanBits([...counts.values(), fillers])) + table,
    };
  });
  const least = (key: keyof typeof dense): number => Math.min(...[dense, ...sparse].map((each) => each[key]));
  return { kept, values, storedBytes: least("storedBytes"), huffmanBytes: least("huffmanBytes") };
}

/** Bits of all symbols together in the best prefix code (Huffman, 1952). @param counts of each symbol */
export function huffmanBits(counts: readonly number[]): number {
  const queue = counts.filter((count) => count > 0).sort((a, b) => a - b);
  // A single symbol still takes a bit.
  if (queue.length === 1) return queue[0] ?? 0;
  const merged: number[] = [];
  let [from, next] = [0, 0];
  const smallest = (): number => {
    const [a, b] = [queue[from] ?? Infinity, merged[next] ?? Infinity];
    if (a <= b) from += 1;
    else next += 1;
    return Math.min(a, b);
  };
  let bits = 0;
  for (let step = 1; step < queue.length; step += 1) {
    const sum = smallest() + smallest();
    bits += sum;
    merged.push(sum);
  }
  return bits;
}

/** How often each gap comes, those that fill longer ones among them. */
function gapCounts(weights: Float32Array, bits: number): readonly number[] {
  const most = 2 ** bits - 1;
  const counts = new Array<number>(most + 1).fill(0);
  let gap = 0;
  for (const value of weights) {
    if (value === 0 && gap < most) {
      gap += 1;
      continue;
    }
    counts[gap] = (counts[gap] ?? 0) + 1;
    gap = 0;
  }
  return counts;
}

function bitsFor(values: number): number {
  return Math.max(1, Math.ceil(Math.log2(Math.max(values, 1))));
}

function bytes(bits: number): number {
  return Math.ceil(bits / 8);
}
