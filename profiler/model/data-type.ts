/** Element types of both formats, by one set of names. */
const BITS = {
  float64: 64,
  float32: 32,
  float16: 16,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  float8e8m0: 8,
  float4e2m1: 4,
  int64: 64,
  int32: 32,
  int16: 16,
  int8: 8,
  int4: 4,
  int2: 2,
  uint64: 64,
  uint32: 32,
  uint16: 16,
  uint8: 8,
  uint4: 4,
  uint2: 2,
  bool: 8,
  complex64: 64,
  complex128: 128,
  string: undefined,
  resource: undefined,
  variant: undefined,
} as const satisfies Record<string, number | undefined>;

export type DataType = keyof typeof BITS;

/** Stored bits of one element; undefined for types without a fixed width (string, resource, variant). */
export function bitsOf(type: DataType): number | undefined {
  return BITS[type];
}

/** Bytes of `elements` elements, sub-byte types packed as both formats pack them; undefined for types without a fixed width. */
export function bytesOf(type: DataType, elements: number): number | undefined {
  const bits = BITS[type];
  return bits === undefined ? undefined : Math.ceil((bits * elements) / 8);
}

export function isFloat(type: DataType): boolean {
  return type.startsWith("float") || type.startsWith("bfloat");
}

export function isInteger(type: DataType): boolean {
  return type.startsWith("int") || type.startsWith("uint");
}
