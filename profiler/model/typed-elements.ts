import { bitsOf, type DataType } from "./data-type.ts";
import type { Encoding, TypedElement } from "./model.ts";

/** Bytes of an element that is no varint. */
const WIDTHS: Partial<Record<TypedElement, number>> = { float: 4, double: 8 };

/**
 * The raw elements that protobuf's typed fields hold. A varint gives as many of its low bytes as the type has: float16 and its like
 * are bit patterns there, and types below 8 bits share one number as they share a byte. What is cut off at the end is left out, so
 * that the length tells whether all elements are there.
 */
export function rawFromTyped(type: DataType, encoding: Exclude<Encoding, "raw">, bytes: Uint8Array): Uint8Array {
  const hasTags = encoding.startsWith("unpacked-");
  const fixed = WIDTHS[encoding.slice(encoding.indexOf("-") + 1) as TypedElement];
  if (fixed !== undefined && !hasTags) return bytes.subarray(0, bytes.length - (bytes.length % fixed));
  const width = fixed ?? Math.max(1, (bitsOf(type) ?? 8) / 8);
  const raw = new Uint8Array(bytes.length * width);
  let at = 0;
  let filled = 0;
  while (at < bytes.length) {
    if (hasTags) at = endOfVarint(bytes, at);
    const end = fixed === undefined ? endOfVarint(bytes, at) : at + fixed;
    if (end > bytes.length) break;
    if (fixed === undefined) putVarint(bytes, at, end, raw.subarray(filled, filled + width));
    else raw.set(bytes.subarray(at, end), filled);
    filled += width;
    at = end;
  }
  return raw.subarray(0, filled);
}

/** Behind the varint at `at`; behind the bytes when it is cut off. */
function endOfVarint(bytes: Uint8Array, at: number): number {
  let end = at;
  while ((bytes[end] ?? 0) >= 0x80) end += 1;
  return end + 1;
}

/** The low bytes of a varint, as many as `target` has. */
function putVarint(bytes: Uint8Array, at: number, end: number, target: Uint8Array): void {
  let pending = 0;
  let bits = 0;
  let filled = 0;
  for (let index = at; index < end && filled < target.length; index += 1) {
    pending |= ((bytes[index] ?? 0) & 0x7f) << bits;
    bits += 7;
    if (bits < 8) continue;
    target[filled++] = pending;
    pending >>>= 8;
    bits -= 8;
  }
  if (filled < target.length) target[filled] = pending;
}
