import { bitPlanes, storedLength } from "./packed-bits.ts";

/** Places of stored weights by their distances: the first from the start, the others from the one before. */
export interface SparseGaps {
  readonly gapBits: number;
  readonly gaps: Uint8Array;
  /** Which of the places each is; −1 for a stored zero, where a gap is longer than its bits can say. */
  readonly sources: Int32Array;
}

/** What may be made of one plane of bits or two: the operators that put three together take more than they save. */
const GAP_BITS = [2, 3, 4, 5, 6, 8] as const;
/** Bytes of the operators that a further plane takes to be decoded, about. */
const PLANE_BYTES = 250;

/**
 * The gaps with as many bits as make them, with the values beside them, the smallest (Han et al.: "Deep Compression", ICLR 2016).
 * @param places rising
 * @param valueBits what each stored value takes
 */
export function sparseGaps(places: Uint32Array, valueBits: number): SparseGaps {
  // A file holds no empty list of weights: where none stays, the first is stored all the same, as a zero.
  if (places.length === 0) return { gapBits: GAP_BITS[0], gaps: Uint8Array.of(0), sources: Int32Array.of(-1) };
  const sizes = GAP_BITS.map((bits) => {
    const entries = entriesWith(places, bits);
    return { bits, bytes: gapBytes(bits, entries) + Math.ceil((entries * valueBits) / 8) };
  });
  const { bits: gapBits } = sizes.reduce((best, each) => (each.bytes < best.bytes ? each : best));
  const most = 2 ** gapBits - 1;
  const count = entriesWith(places, gapBits);
  const gaps = new Uint8Array(count);
  const sources = new Int32Array(count).fill(-1);
  let entry = 0;
  let last = 0;
  places.forEach((place, source) => {
    let gap = place - last;
    for (; gap > most; gap -= most) gaps[entry++] = most;
    gaps[entry] = gap;
    sources[entry] = source;
    entry += 1;
    last = place;
  });
  return { gapBits, gaps, sources };
}

function gapBytes(bits: number, entries: number): number {
  return storedLength(bits, entries) + PLANE_BYTES * (bitPlanes(bits).length - 1);
}

function entriesWith(places: Uint32Array, bits: number): number {
  const most = 2 ** bits - 1;
  let entries = 0;
  let last = 0;
  for (const place of places) {
    entries += Math.max(1, Math.ceil((place - last) / most));
    last = place;
  }
  return entries;
}
