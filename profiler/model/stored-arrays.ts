import type { DataType } from "./data-type.ts";

/** Whether typed arrays hold numbers as both formats store them: with the lowest byte first. */
export const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Of the types whose elements a typed array of plain numbers holds as they are. */
export const STORED_ARRAYS = {
  float64: Float64Array,
  float32: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Partial<Record<DataType, unknown>>;
