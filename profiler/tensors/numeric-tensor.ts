import { toInt64 } from "../model/encode-elements.ts";
import { LimitError } from "../errors.ts";
import type { DataType } from "../model/data-type.ts";
import { STORED_ARRAYS } from "../model/stored-arrays.ts";

/** How each type's elements are held: half-precision floats as float32, 64-bit integers as float64 (exact up to 2^53), bool as 0 and 1. */
const ARRAYS = {
  ...STORED_ARRAYS,
  float16: Float32Array,
  int64: Float64Array,
  uint64: Float64Array,
} as const satisfies Partial<Record<DataType, unknown>>;

/** Element types that models are run with. */
export type NumericType = keyof typeof ARRAYS;

export type NumericArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** Elements as plain numbers, row-major. */
export interface NumericTensor {
  readonly dataType: NumericType;
  readonly shape: readonly number[];
  readonly data: NumericArray;
}

/** Tensors by the names of a model's inputs or outputs. */
export type NamedTensors = Readonly<Record<string, NumericTensor>>;

export function isNumericType(type: string | undefined): type is NumericType {
  return type !== undefined && Object.hasOwn(ARRAYS, type);
}

/** Eight gigabytes of float32: more are not held at once. */
const MOST_ELEMENTS = 2 ** 31;

/** Zeros. @throws {LimitError} when they do not fit in memory: sizes of inputs are the user's to choose */
export function newArray(type: NumericType, length: number): NumericArray {
  if (length > MOST_ELEMENTS)
    throw new LimitError(`${length} elements of ${type} at once; the limit is ${MOST_ELEMENTS} (MOST_ELEMENTS)`);
  try {
    return new ARRAYS[type](length);
  } catch (cause) {
    throw new LimitError(`${length} elements of ${type} do not fit in this machine's memory`, { cause });
  }
}

/** Smallest and largest element of the integer types that can be exceeded by the numbers of a file. */
const LIMITS: Partial<Record<NumericType, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint16: [0, 2 ** 16 - 1],
  int8: [-128, 127],
  uint8: [0, 255],
  bool: [0, 1],
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
};

/** The nearest element of a type: integers rounded and held in their range. */
export function nearestElement(type: NumericType, value: number): number {
  const limits = LIMITS[type];
  return limits === undefined ? value : Math.min(limits[1], Math.max(limits[0], Math.round(value)));
}

/** @returns the 64-bit integers that `data`, as held here, stands for */
export function toBigInts(type: "int64" | "uint64", data: NumericArray): BigInt64Array | BigUint64Array {
  const integers = Array.from(data, toInt64);
  return type === "int64" ? BigInt64Array.from(integers) : BigUint64Array.from(integers);
}
