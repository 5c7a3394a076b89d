import type { NumericType } from "../tensors/numeric-tensor.ts";

/** ONNX Runtime's numbers of element types, `ONNXTensorElementDataType` of its C API. */
export const ONNX_TYPES: Readonly<Record<NumericType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
};

const NAMES = new Map(Object.entries(ONNX_TYPES).map(([name, number]) => [number, name as NumericType] as const));

/** @returns undefined for types that models are not run with */
export function typeOfNumber(number: number): NumericType | undefined {
  return NAMES.get(number);
}
