import { toInt64 } from "../../../model/encode-elements.ts";
import { BYTES, FIXED32, VARINT } from "./fields.ts";

/** A protobuf message, field by field. Meant for small ones: weights are not copied into it. */
export class MessageWriter {
  readonly #bytes: number[] = [];

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  /** Numbers beyond 2^53 come rounded from reading; they are held inside int64. */
  int(field: number, value: number): this {
    this.#tag(field, VARINT);
    this.#varint(BigInt.asUintN(64, toInt64(value)));
    return this;
  }

  float(field: number, value: number): this {
    this.#tag(field, FIXED32);
    this.#bytes.push(...new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  text(field: number, value: string): this {
    return this.message(field, Buffer.from(value, "utf8"));
  }

  /** A message, or other bytes with a length. */
  message(field: number, value: Uint8Array): this {
    this.head(field, value.length);
    for (const byte of value) this.#bytes.push(byte);
    return this;
  }

  /** Tag and length of a value that follows by itself. */
  head(field: number, length: number): this {
    this.#tag(field, BYTES);
    this.#varint(BigInt(length));
    return this;
  }

  #tag(field: number, wire: number): void {
    this.#varint(BigInt(field * 8 + wire));
  }

  #varint(value: bigint): void {
    let rest = value;
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes.push(Number(rest & 0x7fn) | 0x80);
    this.#bytes.push(Number(rest));
  }
}
