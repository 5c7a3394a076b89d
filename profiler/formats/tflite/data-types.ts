import type { DataType } from "../../model/data-type.ts";

/** Element types in the order of the schema's TensorType enum. */
export const TENSOR_TYPES: readonly DataType[] = [
  "float32",
  "float16",
  "int32",
  "uint8",
  "int64",
  "string",
  "bool",
  "int16",
  "complex64",
  "int8",
  "float64",
  "complex128",
  "uint64",
  "resource",
  "variant",
  "uint32",
  "uint16",
  "int4",
  "bfloat16",
  "int2",
  "uint4",
  "float8e4m3fn",
  "float8e5m2",
];
