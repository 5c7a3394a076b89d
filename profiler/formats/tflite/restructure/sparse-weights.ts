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
  const stored = elements.reduce((count, value) => (value === 0 ? count : count + 1), 0);
  const costs = shape.map((size, axis) => {
    const rows = size === 0 ? 0 : elements.length / size;
    return { axis, bytes: listBytes(stored, rows + 1) + listBytes(size - 1, stored) };
  });
  const least = costs.reduce((best, each) => (each.bytes < best.bytes ? each : best), { axis: -1, bytes: Infinity });
  const valueBytes = (count: number): number => bytesOf(dataType, count) ?? Infinity;
  if (!(valueBytes(stored) + least.bytes + TABLE_BYTES < valueBytes(elements.length))) return undefined;
  const { axis } = least;
  const order = [...shape.keys()].filter((each) => each !== axis);
  const { values, segments, indices } = compressedAlong(elements, shape, axis, order);
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

/** @param order the other axes, in the order they are gone through */
function compressedAlong(
  elements: Float32Array,
  shape: readonly number[],
  axis: number,
  order: readonly number[],
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
      const value = elements[start + at * stride] ?? 0;
      if (value === 0) continue;
      values.push(value);
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
