import { bytesOf, type DataType } from "../../../model/data-type.ts";
import { encodeRaw } from "../../../model/encode-elements.ts";
import type { Constant, Storage } from "../../../model/model.ts";
import type { PositionType } from "../../../model/sparse-traversal.ts";
import { stridesOf } from "../../../neutral/stored-weights.ts";

/** Bytes of the tables that say where values belong, and of the operator that puts them there, about. */
const TABLE_BYTES = 200;

/**
 * Elements that are mostly zero as a sparse tensor: along one axis, which is gone through last, only the indices of what is stored.
 * @param elements as they are stored, row-major
 * @returns undefined where all elements take no more
 */
export function sparseConstant(
  elements: Float32Array,
  shape: readonly number[],
  dataType: DataType,
): Constant | undefined {
  const nonZero = elements.reduce((count, value) => (value === 0 ? count : count + 1), 0);
  // A buffer without bytes is no constant's: where all elements are zero, the first is stored all the same.
  const stored = Math.max(1, nonZero);
  const isStored = (at: number): boolean => elements[at] !== 0 || (nonZero === 0 && at === 0);
  const costs = shape.map((size, axis) => {
    const rows = size === 0 ? 0 : elements.length / size;
    return { axis, bytes: listBytes(stored, rows + 1) + listBytes(size - 1, stored) };
  });
  const least = costs.reduce((best, each) => (each.bytes < best.bytes ? each : best), { axis: -1, bytes: Infinity });
  const valueBytes = (count: number): number => bytesOf(dataType, count) ?? Infinity;
  if (!(valueBytes(stored) + least.bytes + TABLE_BYTES < valueBytes(elements.length))) return undefined;
  const { axis } = least;
  const order = [...shape.keys()].filter((each) => each !== axis);
  const { values, segments, indices } = compressedAlong(elements, shape, { axis, order, isStored });
  const types = { segments: positionType(stored), indices: positionType((shape[axis] ?? 0) - 1) };
  const parts = [bytes(dataType, values), bytes(types.segments, segments), bytes(types.indices, indices)];
  return {
    dataType,
    shape,
    storedBytes: parts.reduce((sum, part) => sum + part.bytes.length, 0),
    storage: {
      kind: "sparse",
      parts,
      traversal: {
        order: [...order, axis],
        blockAxes: [],
        levels: [
          ...order.map((each) => ({ kind: "dense", size: shape[each] ?? 1 }) as const),
          { kind: "compressed", ...types },
        ],
      },
    },
    isSparse: true,
  };
}

interface Compressed {
  readonly values: readonly number[];
  readonly segments: readonly number[];
  readonly indices: readonly number[];
}

interface Compressing {
  readonly axis: number;
  /** The other axes, in the order they are gone through. */
  readonly order: readonly number[];
  readonly isStored: (at: number) => boolean;
}

function compressedAlong(
  elements: Float32Array,
  shape: readonly number[],
  { axis, order, isStored }: Compressing,
): Compressed {
  const strides = stridesOf(shape);
  const [size, stride] = [shape[axis] ?? 1, strides[axis] ?? 1];
  const values: number[] = [];
  const segments = [0];
  const indices: number[] = [];
  const visit = (level: number, start: number): void => {
    const each = order[level];
    if (each !== undefined) {
      for (let at = 0; at < (shape[each] ?? 1); at += 1) visit(level + 1, start + at * (strides[each] ?? 1));
      return;
    }
    for (let at = 0; at < size; at += 1) {
      const place = start + at * stride;
      if (!isStored(place)) continue;
      values.push(elements[place] ?? 0);
      indices.push(at);
    }
    segments.push(values.length);
  };
  visit(0, 0);
  return { values, segments, indices };
}

/** The narrowest that holds numbers up to `most`. */
function positionType(most: number): PositionType {
  return most < 2 ** 8 ? "uint8" : most < 2 ** 16 ? "uint16" : "int32";
}

function listBytes(most: number, count: number): number {
  return bytesOf(positionType(most), count) ?? Infinity;
}

function bytes(dataType: DataType, values: readonly number[]): Extract<Storage, { kind: "bytes" }> {
  return { kind: "bytes", bytes: encodeRaw(dataType, values), encoding: "raw" };
}
