import type { NumericType } from "../../tensors/numeric-tensor.ts";

/** Numbers of TFLite's `TfLiteType`; those that are no numbers of ours are left out. */
export const TFLITE_TYPES: Readonly<Partial<Record<number, NumericType>>> = {
  1: "float32",
  2: "int32",
  3: "uint8",
  4: "int64",
  6: "bool",
  7: "int16",
  9: "int8",
  10: "float16",
  11: "float64",
  13: "uint64",
  16: "uint32",
  17: "uint16",
};
