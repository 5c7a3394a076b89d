import { BYTES, VARINT } from "./fields.ts";

/** Our own fields; see schema/onnx.proto. */
const PAYLOAD_FIELD = 100001;
const SPAN_FIELD = 100002;

/** Every length prefix takes this many bytes, so that it can be written when the message ends: 28 bits. */
const LENGTH_BYTES = 4;

/** Copying so few bytes one by one is faster than making a view of them. */
const LONGEST_LOOP = 64;

/** Protobuf bytes in the making. */
export class SkeletonWriter {
  #bytes = Buffer.allocUnsafe(2 ** 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written; valid until the next write. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A field of any wire type; its value, without tag and length prefix, is at `begin` to `end` of `bytes`. */
  field(field: number, wire: number, bytes: Uint8Array, begin = 0, end = bytes.length): void {
    this.#tag(field, wire);
    if (wire === BYTES) this.#varint(end - begin);
    this.#copy(bytes, begin, end);
  }

  /** Begins a message; the answer is for `endMessage`. */
  beginMessage(field: number): number {
    this.#tag(field, BYTES);
    this.#reserve(LENGTH_BYTES);
    this.#length += LENGTH_BYTES;
    return this.#length;
  }

  endMessage(begin: number): void {
    let rest = this.#length - begin;
    for (let at = begin - LENGTH_BYTES; at < begin - 1; at += 1) {
      this.#bytes[at] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[begin - 1] = rest;
  }

  span(offset: number, length: number): void {
    const begin = this.beginMessage(SPAN_FIELD);
    this.#number(1, offset);
    this.#number(2, length);
    this.endMessage(begin);
  }

  payload(field: number, offset: number, length: number, fields: number, bytes: Uint8Array | undefined): void {
    const begin = this.beginMessage(PAYLOAD_FIELD);
    this.#number(1, field);
    this.#number(2, offset);
    this.#number(3, length);
    this.#number(4, fields);
    if (bytes !== undefined) this.field(5, BYTES, bytes);
    this.endMessage(begin);
  }

  #copy(bytes: Uint8Array, begin: number, end: number): void {
    this.#reserve(end - begin);
    if (end - begin > LONGEST_LOOP) {
      this.#bytes.set(bytes.subarray(begin, end), this.#length);
      this.#length += end - begin;
      return;
    }
    for (let at = begin; at < end; at += 1) this.#bytes[this.#length++] = bytes[at] ?? 0;
  }

  #number(field: number, value: number): void {
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  #tag(field: number, wire: number): void {
    this.#varint(field * 8 + wire);
  }

  #varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  #reserve(length: number): void {
    const needed = this.#length + length;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
