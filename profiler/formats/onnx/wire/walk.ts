import type { ByteSource } from "../../../bytes/byte-source.ts";
import { ModelFormatError } from "../../../errors.ts";
import { ByteWindow } from "./byte-window.ts";
import { BYTES, FIXED32, FIXED64, VARINT } from "./fields.ts";

/** One field of a message, where it stands in the file. */
export interface WireField {
  readonly field: number;
  readonly wire: number;
  /** Of its tag. */
  readonly start: number;
  /** Of its value, behind tag and length prefix. */
  readonly offset: number;
  /** Bytes of the value. */
  readonly length: number;
}

const LONGEST_HEADER = 20;

const walkers = new WeakMap<ByteSource, WireWalker>();

/**
 * Walks over the fields of messages without reading their values. Meant for files that were read before: it checks little. What it
 * found once it knows: many edits of one file are measured one after the other.
 */
export class WireWalker {
  readonly #window: ByteWindow;
  #moved: Promise<void> = Promise.resolve();
  readonly #fields = new Map<number, readonly WireField[]>();
  readonly #texts = new Map<number, string>();

  private constructor(private readonly source: ByteSource) {
    this.#window = new ByteWindow(source);
  }

  static of(source: ByteSource): WireWalker {
    const walker = walkers.get(source) ?? new WireWalker(source);
    walkers.set(source, walker);
    return walker;
  }

  /**
   * Fields of the message at this range, in file order.
   * @throws {ModelFormatError} when it is no protobuf message
   */
  async fields(offset: number, length: number): Promise<readonly WireField[]> {
    const found = this.#fields.get(offset) ?? (await this.#walk(offset, length));
    this.#fields.set(offset, found);
    return found;
  }

  async #walk(offset: number, length: number): Promise<readonly WireField[]> {
    const end = offset + length;
    const found: WireField[] = [];
    for (let at = offset; at < end;) {
      const header = await this.#peek(at, Math.min(LONGEST_HEADER, end - at));
      const tag = varint(header, 0);
      const field = Math.floor(tag.value / 8);
      const wire = tag.value % 8;
      const { skip, size } = extent(wire, header, tag.length);
      const value = at + tag.length + skip;
      if (size < 0 || value + size > end)
        throw new ModelFormatError(this.source.name, "a message", "expected a field inside it", { offset: at });
      found.push({ field, wire, start: at, offset: value, length: size });
      at = value + size;
    }
    return found;
  }

  async text(field: WireField): Promise<string> {
    const known = this.#texts.get(field.offset);
    if (known !== undefined) return known;
    const bytes = await this.#peek(field.offset, field.length);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
    this.#texts.set(field.offset, text);
    return text;
  }

  async number({ offset, length }: WireField): Promise<number> {
    return varint(await this.#peek(offset, length), 0).value;
  }

  async #peek(offset: number, length: number): Promise<Uint8Array> {
    // Walks go on side by side: each moves the window when those before it have taken their bytes, or they would load them over and over.
    while (!this.#window.holds(offset, length)) {
      this.#moved = this.#moved.catch(() => undefined).then(() => this.#window.load(offset, length));
      await this.#moved;
    }
    return this.#window.slice(offset, length);
  }
}

/** Where a value begins behind its tag, and how long it is; a negative size for what is none. */
function extent(wire: number, header: Uint8Array, at: number): { readonly skip: number; readonly size: number } {
  switch (wire) {
    case VARINT:
      return { skip: 0, size: varint(header, at).length };
    case FIXED64:
      return { skip: 0, size: 8 };
    case FIXED32:
      return { skip: 0, size: 4 };
    case BYTES: {
      const { value, length } = varint(header, at);
      return { skip: length, size: value };
    }
    default:
      return { skip: 0, size: -1 };
  }
}

/** Rounded beyond 2^53. */
function varint(bytes: Uint8Array, at: number): { readonly value: number; readonly length: number } {
  let value = 0;
  for (let index = at; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * (index - at));
    if (byte < 0x80) return { value, length: index - at + 1 };
  }
  return { value: -1, length: 1 };
}
