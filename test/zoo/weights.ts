import { at, elements, type Weight } from "./network.ts";
import type { FileSegment } from "./file-segments.ts";

/** A weight as a file stores it: looked at under `shape`, its axes then put in the order of `permutation`. */
export interface StoredWeight {
  readonly weight: Weight;
  readonly view?: { readonly shape: readonly number[]; readonly permutation: readonly number[] };
  /** As the file says it. */
  readonly shape: readonly number[];
}

export function stored(weight: Weight, shape: readonly number[] = weight.shape): StoredWeight {
  return { weight, shape };
}

/** @param shape the weight's shape, cut finer or coarser before its axes change places */
export function permuted(weight: Weight, permutation: readonly number[], shape = weight.shape): StoredWeight {
  return { weight, view: { shape, permutation }, shape: permutation.map((axis) => at(shape, axis)) };
}

/** The element at an index of the stored weight: the same for every name, on every machine, whatever the order of asking. */
export function elementAt({ weight, view }: StoredWeight): (index: number) => number {
  const { center, spread } = weight;
  const seed = hash(weight.name);
  const numberAt = (index: number): number => center + (spread * mix(seed + Math.imul(index, GOLDEN_RATIO))) / 2 ** 31;
  if (view === undefined) return numberAt;
  const source = sourceIndex(view.shape, view.permutation);
  return (index) => numberAt(source(index));
}

const FLOAT_BYTES = 4;

/** Elements made at a time: large weights never stand in memory whole. */
const CHUNK_ELEMENTS = 2 ** 16;

/** A weight's little-endian floats, made when they are asked for. */
export function weightSegment(weight: StoredWeight): FileSegment {
  const count = elements(weight.shape);
  return {
    length: count * FLOAT_BYTES,
    *chunks() {
      const numberAt = elementAt(weight);
      for (let start = 0; start < count; start += CHUNK_ELEMENTS) {
        const view = new DataView(new ArrayBuffer(Math.min(CHUNK_ELEMENTS, count - start) * FLOAT_BYTES));
        for (let byte = 0; byte < view.byteLength; byte += FLOAT_BYTES) {
          view.setFloat32(byte, numberAt(start + byte / FLOAT_BYTES), true);
        }
        yield new Uint8Array(view.buffer);
      }
    },
  };
}

/** Where the element at an index of the permuted tensor stands in the tensor before. */
function sourceIndex(shape: readonly number[], permutation: readonly number[]): (index: number) => number {
  const axes = permutation
    .map((axis) => ({ size: at(shape, axis), stride: elements(shape.slice(axis + 1)) }))
    .reverse();
  return (index) => {
    let rest = index;
    let source = 0;
    for (const { size, stride } of axes) {
      source += (rest % size) * stride;
      rest = Math.floor(rest / size);
    }
    return source;
  };
}

/** 2^32 over the golden ratio: spreads consecutive indices over all 32 bits. */
const GOLDEN_RATIO = 0x9e3779b1;

/** Murmur3's finaliser: every bit of the input moves every bit of the output. */
function mix(input: number): number {
  let bits = input | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

/** FNV-1a. */
function hash(name: string): number {
  let bits = 0x811c9dc5;
  for (const character of name) bits = Math.imul(bits ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return bits;
}
