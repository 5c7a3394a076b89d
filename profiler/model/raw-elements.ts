import { bitsOf, type DataType } from "./data-type.ts";
import { IS_LITTLE_ENDIAN, STORED_ARRAYS } from "./stored-arrays.ts";

type Get = (view: DataView, offset: number) => number;

/** Types that are missing have no decoder: their elements are never looked at. */
const GET: Partial<Record<DataType, Get>> = {
  float64: (view, offset) => view.getFloat64(offset, true),
  float32: (view, offset) => view.getFloat32(offset, true),
  float16: (view, offset) => fromFloat16(view.getUint16(offset, true)),
  bfloat16: (view, offset) => fromBfloat16(view.getUint16(offset, true)),
  int64: (view, offset) => Number(view.getBigInt64(offset, true)),
  uint64: (view, offset) => Number(view.getBigUint64(offset, true)),
  int32: (view, offset) => view.getInt32(offset, true),
  uint32: (view, offset) => view.getUint32(offset, true),
  int16: (view, offset) => view.getInt16(offset, true),
  uint16: (view, offset) => view.getUint16(offset, true),
  int8: (view, offset) => view.getInt8(offset),
  uint8: (view, offset) => view.getUint8(offset),
  bool: (view, offset) => view.getUint8(offset),
  float8e4m3fn: (view, offset) => fromMinifloat(view.getUint8(offset), FLOAT8.e4m3fn),
  float8e4m3fnuz: (view, offset) => fromMinifloat(view.getUint8(offset), FLOAT8.e4m3fnuz),
  float8e5m2: (view, offset) => fromMinifloat(view.getUint8(offset), FLOAT8.e5m2),
  float8e5m2fnuz: (view, offset) => fromMinifloat(view.getUint8(offset), FLOAT8.e5m2fnuz),
  // OCP microscaling's scale: an exponent alone.
  float8e8m0: (view, offset) => (view.getUint8(offset) === 255 ? NaN : 2 ** (view.getUint8(offset) - 127)),
};

/** Integers narrower than a byte: whether they have a sign. */
const PACKED: Partial<Record<DataType, "signed" | "unsigned">> = {
  int4: "signed",
  uint4: "unsigned",
  int2: "signed",
  uint2: "unsigned",
};

/** float4e2m1 by its 16 patterns. */
const FLOAT4 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6];

/**
 * Little-endian elements as both formats store them raw (ONNX's raw_data, TFLite's buffers); below 8 bits the first element is in
 * the lowest bits of its byte. Integers beyond 2^53 are rounded; undefined for types whose elements nobody computes with.
 */
export function decodeRaw(type: DataType, bytes: Uint8Array, elements: number): readonly number[] | undefined {
  const decode = decoder(type, bytes);
  if (decode === undefined) return undefined;
  // A loop: with Array.from a million elements take five times as long.
  const values: number[] = [];
  for (let index = 0; index < elements; index += 1) values.push(decode(index));
  return values;
}

/** As `decodeRaw`, for the many elements of weights: as many as there is room for, and nothing for types without a decoder. */
export function decodeRawInto(type: DataType, bytes: Uint8Array, values: Float64Array): void {
  const Stored = storedArray(type);
  if (Stored !== undefined) {
    const isAligned = bytes.byteOffset % Stored.BYTES_PER_ELEMENT === 0;
    const { buffer, byteOffset } = isAligned ? bytes : new Uint8Array(bytes);
    values.set(new Stored(buffer, byteOffset, values.length));
    return;
  }
  const decode = decoder(type, bytes);
  if (decode === undefined) return;
  for (let index = 0; index < values.length; index += 1) values[index] = decode(index);
}

function storedArray(type: DataType): StoredArray | undefined {
  const arrays: Partial<Record<DataType, StoredArray>> = STORED_ARRAYS;
  return IS_LITTLE_ENDIAN ? arrays[type] : undefined;
}

interface StoredArray {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): ArrayLike<number>;
}

/** @returns what gives an element by its position; undefined for types whose elements nobody computes with */
function decoder(type: DataType, bytes: Uint8Array): ((index: number) => number) | undefined {
  const bits = bitsOf(type);
  if (bits === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === "float4e2m1") return (index) => FLOAT4[bitField(view, index, bits, false)] ?? 0;
  const packed = PACKED[type];
  if (packed !== undefined) return (index) => bitField(view, index, bits, packed === "signed");
  const get = GET[type];
  return get && ((index) => get(view, (index * bits) / 8));
}

function bitField(view: DataView, index: number, bits: number, isSigned: boolean): number {
  const bit = index * bits;
  const field = (view.getUint8(bit >> 3) >> (bit & 7)) & ((1 << bits) - 1);
  return isSigned && field >= 1 << (bits - 1) ? field - (1 << bits) : field;
}

interface Minifloat {
  readonly fractionBits: number;
  readonly bias: number;
  /** The value of the patterns that stand for no finite number; undefined for all others. */
  readonly special: (pattern: number) => number | undefined;
}

/** The float8 types of ONNX (FP8 Formats for Deep Learning, 2022; "fnuz": 8-bit Numerical Formats for DNNs, 2022). */
const FLOAT8 = {
  e4m3fn: { fractionBits: 3, bias: 7, special: (pattern) => ((pattern & 0x7f) === 0x7f ? NaN : undefined) },
  e4m3fnuz: { fractionBits: 3, bias: 8, special: (pattern) => (pattern === 0x80 ? NaN : undefined) },
  e5m2: {
    fractionBits: 2,
    bias: 15,
    special: (pattern) => {
      if ((pattern & 0x7c) !== 0x7c) return undefined;
      if ((pattern & 3) !== 0) return NaN;
      return pattern & 0x80 ? -Infinity : Infinity;
    },
  },
  e5m2fnuz: { fractionBits: 2, bias: 16, special: (pattern) => (pattern === 0x80 ? NaN : undefined) },
} as const satisfies Record<string, Minifloat>;

function fromMinifloat(pattern: number, { fractionBits, bias, special }: Minifloat): number {
  const sign = pattern & 0x80 ? -1 : 1;
  const exponent = (pattern & 0x7f) >> fractionBits;
  const fraction = (pattern & ((1 << fractionBits) - 1)) / (1 << fractionBits);
  const magnitude = exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
  return special(pattern) ?? sign * magnitude;
}

/** IEEE 754 half precision: 1 sign, 5 exponent and 10 fraction bits. */
export function fromFloat16(pattern: number): number {
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >> 10) & 31;
  const fraction = pattern & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The upper half of a float32. */
function fromBfloat16(pattern: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(2, pattern, true);
  return view.getFloat32(0, true);
}
