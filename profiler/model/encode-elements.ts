import { bytesOf, type DataType } from "./data-type.ts";
import { IS_LITTLE_ENDIAN } from "./stored-arrays.ts";

type Set = (view: DataView, offset: number, value: number) => void;

const LARGEST_INT64 = 2n ** 63n - 1n;
const SMALLEST_INT64 = -(2n ** 63n);

/** Types that restructurings write: those of weights, biases and settings. */
const SET: Partial<Record<DataType, Set>> = {
  float64: (view, offset, value) => view.setFloat64(offset, value, true),
  float32: (view, offset, value) => view.setFloat32(offset, value, true),
  float16: (view, offset, value) => view.setUint16(offset, toFloat16(value), true),
  bfloat16: (view, offset, value) => view.setUint16(offset, toBfloat16(value), true),
  int64: (view, offset, value) => view.setBigInt64(offset, toInt64(value), true),
  int32: (view, offset, value) => view.setInt32(offset, value, true),
  int16: (view, offset, value) => view.setInt16(offset, value, true),
  int8: (view, offset, value) => view.setInt8(offset, value),
  uint64: (view, offset, value) => view.setBigUint64(offset, BigInt.asUintN(64, BigInt(Math.round(value))), true),
  uint32: (view, offset, value) => view.setUint32(offset, value, true),
  uint16: (view, offset, value) => view.setUint16(offset, value, true),
  uint8: (view, offset, value) => view.setUint8(offset, value),
  bool: (view, offset, value) => view.setUint8(offset, value === 0 ? 0 : 1),
};

/**
 * Little-endian elements as both formats store them raw: the inverse of `decodeRaw`.
 * @throws {RangeError} for a type that nothing here is written in
 */
export function encodeRaw(type: DataType, elements: ArrayLike<number>): Uint8Array {
  if (type === "float32" && elements instanceof Float32Array && IS_LITTLE_ENDIAN)
    return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  if (type === "int4" || type === "uint4") return nibbles(elements);
  const set = SET[type];
  const width = bytesOf(type, 1);
  if (set === undefined || width === undefined) throw new RangeError(`${type} elements are not written`);
  const bytes = new Uint8Array(width * elements.length);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < elements.length; index += 1) set(view, index * width, elements[index] ?? 0);
  return bytes;
}

/** Two elements a byte, the first in the low half, as both formats have them. */
function nibbles(elements: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(elements.length / 2));
  for (let index = 0; index < elements.length; index += 1) {
    const byte = index >> 1;
    bytes[byte] = (bytes[byte] ?? 0) | (((elements[index] ?? 0) & 15) << (4 * (index & 1)));
  }
  return bytes;
}

/**
 * A number as a 64-bit integer. Reading rounds what is beyond 2^53, the largest of all ("to the end", as exporters write it) to 2^63:
 * such numbers are held inside the range.
 */
export function toInt64(value: number): bigint {
  const integer = BigInt(Math.round(value));
  if (integer > LARGEST_INT64) return LARGEST_INT64;
  return integer < SMALLEST_INT64 ? SMALLEST_INT64 : integer;
}

const scratch = new DataView(new ArrayBuffer(4));

/** IEEE 754 half precision, rounded to nearest, ties to even. */
export function toFloat16(value: number): number {
  scratch.setFloat32(0, value);
  const sign = (scratch.getUint32(0) >>> 16) & 0x8000;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  // Half of the last step beyond the largest, 65504, rounds up to infinity.
  if (magnitude >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)));
  // Steps between neighbours at this exponent; a carry into the next exponent comes out right by itself.
  const steps = roundToEven(magnitude / 2 ** (exponent - 10));
  if (exponent === -14) return sign | steps;
  return sign | (((exponent + 14) << 10) + steps);
}

/** The upper half of a float32, rounded to nearest, ties to even. */
function toBfloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
