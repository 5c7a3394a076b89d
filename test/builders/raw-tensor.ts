import { bitsOf, type DataType } from "../../profiler/model/data-type.ts";

const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

/** Writes one element, little-endian. */
type Put = (view: DataView, offset: number, value: number) => void;

/** Types that are missing are bit patterns of their width. */
const PUT: Partial<Record<DataType, Put>> = {
  float64: (view, offset, value) => view.setFloat64(offset, value, true),
  complex128: (view, offset, value) => view.setFloat64(offset, value, true),
  float32: (view, offset, value) => view.setFloat32(offset, value, true),
  complex64: (view, offset, value) => view.setFloat32(offset, value, true),
  float16: (view, offset, value) => view.setUint16(offset, toFloat16(value), true),
  bfloat16: (view, offset, value) => view.setUint16(offset, toBfloat16(value), true),
  int64: (view, offset, value) => view.setBigInt64(offset, saturated(value, INT64_MAX), true),
  uint64: (view, offset, value) => view.setBigUint64(offset, saturated(value, UINT64_MAX), true),
  int32: (view, offset, value) => view.setInt32(offset, value, true),
  uint32: (view, offset, value) => view.setUint32(offset, value, true),
  int16: (view, offset, value) => view.setInt16(offset, value, true),
  uint16: (view, offset, value) => view.setUint16(offset, value, true),
};

/** ONNX's raw_data and TFLite's buffers: little-endian elements, several to a byte below 8 bits. Complex: two values an element. */
export function encodeRaw(dataType: DataType, values: readonly number[]): Uint8Array {
  const bits = bitsOf(dataType) ?? 8;
  if (bits < 8) return packedBits(values, bits);
  const width = dataType.startsWith("complex") ? bits / 16 : bits / 8;
  const view = new DataView(new ArrayBuffer(values.length * width));
  const put = PUT[dataType] ?? ((target, offset, value) => target.setUint8(offset, value & 0xff));
  values.forEach((value, index) => put(view, index * width, value));
  return new Uint8Array(view.buffer);
}

/** Elements of 2 or 4 bits, the first in the lowest bits of a byte. */
export function packedBits(values: readonly number[], bits: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((values.length * bits) / 8));
  values.forEach((value, index) => {
    const bit = index * bits;
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | ((value & ((1 << bits) - 1)) << (bit & 7));
  });
  return bytes;
}

/** Bit pattern of the nearest half-precision number; enough for tests: no subnormal numbers, rounded toward zero. */
export function toFloat16(value: number): number {
  const [bits = 0] = new Uint32Array(Float32Array.of(value).buffer);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  if (exponent <= 0) return sign;
  return exponent >= 31 ? sign | 0x7c00 : sign | (exponent << 10) | ((bits >>> 13) & 0x3ff);
}

/** The upper half of a float32. */
export function toBfloat16(value: number): number {
  const [bits = 0] = new Uint32Array(Float32Array.of(value).buffer);
  return bits >>> 16;
}

/** Number.MAX_VALUE, or 2^63 itself, stands for the largest integer: "to the end" in Slice. */
function saturated(value: number, largest: bigint): bigint {
  const integer = BigInt(value);
  return integer > largest ? largest : integer;
}
