import { BYTES, FIXED64, VARINT } from "./fields.ts";

/** Our own fields; see schema/onnx.proto. */
const PAYLOAD_FIELD = 100001;
const SPAN_FIELD = 100002;

/** Every length prefix takes this many bytes, so that it can be written when the message ends: 28 bits. */
const LENGTH_BYTES = 4;

const SMALLEST = 2 ** 16;

/** Protobuf bytes in the making. */
export class SkeletonWriter {
  #bytes: Buffer;
  #length = 0;

  /** @param expected how many bytes are likely: right, it saves copying what was written when it grows */
  constructor(expected = SMALLEST) {
    this.#bytes = Buffer.allocUnsafe(Math.max(SMALLEST, expected));
  }

  get length(): number {
    return this.#length;
  }

  /** What was written; valid until the next write. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Bytes as they are, such as whole fields of the file with their tags. One by one: most fields are too short to be worth a view. */
  copy(bytes: Uint8Array, begin: number, length: number): void {
    this.#reserve(length);
    for (let at = begin; at < begin + length; at += 1) this.#bytes[this.#length++] = bytes[at] ?? 0;
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
    this.#double(1, offset);
    this.#double(2, length);
    this.endMessage(begin);
  }

  payload(field: number, offset: number, length: number, fields: number, bytes: Uint8Array | undefined): void {
    const begin = this.beginMessage(PAYLOAD_FIELD);
    this.#number(1, field);
    this.#double(2, offset);
    this.#double(3, length);
    if (fields > 0) this.#number(4, fields);
    if (bytes !== undefined) {
      this.#tag(5, BYTES);
      this.#varint(bytes.length);
      this.#reserve(bytes.length);
      this.#bytes.set(bytes, this.#length);
      this.#length += bytes.length;
    }
    this.endMessage(begin);
  }

  #number(field: number, value: number): void {
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  #double(field: number, value: number): void {
    this.#tag(field, FIXED64);
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
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
