import type { DataType } from "../../model/data-type.ts";

/** ONNX's element types by their numbers (TensorProto.DataType); 0 stands for none. */
const DATA_TYPES: readonly (DataType | undefined)[] = [
  undefined,
  "float32",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "float64",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
  "float8e4m3fn",
  "float8e4m3fnuz",
  "float8e5m2",
  "float8e5m2fnuz",
  "uint4",
  "int4",
  "float4e2m1",
  "float8e8m0",
  "uint2",
  "int2",
];

/** The element type of a number in the file, attribute `to` of Cast among them; undefined for 0 and for numbers of the future. */
export function dataTypeOf(code: number | null | undefined): DataType | undefined {
  return DATA_TYPES[code ?? 0];
}

/** The number that stands for `type` in an ONNX file; 0 for a type that ONNX does not have. */
export function dataTypeCode(type: DataType): number {
  return Math.max(0, DATA_TYPES.indexOf(type));
}
