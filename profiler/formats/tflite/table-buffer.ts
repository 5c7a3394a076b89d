import type { ByteBuffer } from "flatbuffers";
import { LimitError } from "../../errors.ts";
import { PageMissing, type PagedBytes } from "./paged-bytes.ts";
import { PresenceBuffer } from "./presence.ts";

const UINT32_BYTES = 4;

/** A vtable holds 16-bit numbers: its own size, the table's, then the place of each field. */
const FIELD_BYTES = 2;
const FIRST_FIELD = 2;

/** No table of the schema has more; fields of newer schemas behind these are not read. */
const MOST_FIELDS = 64;

/**
 * Elements of all vectors together. A few tables that many others point to could otherwise unfold into more than any memory holds; the
 * largest published models have some hundred thousand, and a file that shares nothing has less than a fourth of its bytes.
 */
const MOST_ELEMENTS = 2 ** 22;
/** For files of any size, whose shapes and options converters share. */
const ELEMENTS_OF_SMALL_FILES = 50_000;

/** Bytes of texts and of numbers read in one go that count as one element. */
const BYTES_PER_ELEMENT = 16;

/** Past this a vector is loaded at once, so that reading it does not start again at each of its pages. */
const LONG_VECTOR = 256;

/**
 * Lets the code that flatc generates read a file of which only some pages are in memory: every access is checked against the file's
 * size and throws `PageMissing` where bytes are still to be loaded. `each` turns that into asynchronous reading.
 */
export class TableBuffer extends PresenceBuffer {
  readonly #text = new TextDecoder();
  #elementsLeft: number;
  /** The fields of the last table's kind: one table is read field by field, and those of one kind stand together. */
  #vtable = NaN;
  #fields: readonly number[] = [];

  /** @param mostElements of all vectors that are read */
  constructor(
    readonly pages: PagedBytes,
    private readonly mostElements = Math.min(MOST_ELEMENTS, ELEMENTS_OF_SMALL_FILES + pages.size),
  ) {
    super(new Uint8Array(0));
    this.#elementsLeft = mostElements;
  }

  /** Calls `read` for 0 … count − 1; a call that meets a missing page is repeated once the page is there. */
  async each<T>(count: number, read: (index: number) => T): Promise<T[]> {
    const list: T[] = [];
    while (list.length < count) {
      const elementsLeft = this.#elementsLeft;
      try {
        list.push(read(list.length));
      } catch (error) {
        if (!(error instanceof PageMissing)) throw error;
        this.#elementsLeft = elementsLeft;
        await this.pages.load(error);
      }
    }
    return list;
  }

  async once<T>(read: () => T): Promise<T> {
    const [result] = await this.each(1, () => [read()] as const);
    if (result === undefined) throw new Error("each calls at least once");
    return result[0];
  }

  /** Where a vector of numbers `width` bytes wide lies, without a look at it: `slot` is its field's place in the vtable. */
  vectorRange(
    table: number,
    slot: number,
    width = 1,
  ): { readonly offset: number; readonly length: number } | undefined {
    const field = this.__offset(table, slot);
    if (field === 0) return undefined;
    const start = this.__indirect(table + field);
    return { offset: start + UINT32_BYTES, length: width * this.#length(start, width) };
  }

  /** The bytes of a vector of numbers, each `width` bytes wide. */
  vectorBytes(table: number, slot: number, width: number): Uint8Array {
    const field = this.__offset(table, slot);
    if (field === 0) return new Uint8Array(0);
    const start = this.__indirect(table + field);
    const length = this.#length(start, width);
    this.#charge((length * width) / BYTES_PER_ELEMENT);
    return this.pages.bytes(start + UINT32_BYTES, length * width);
  }

  override capacity(): number {
    return this.pages.size;
  }

  override readInt8(offset: number): number {
    return this.pages.number(offset, 1, (view, index) => view.getInt8(index));
  }

  override readUint8(offset: number): number {
    return this.pages.number(offset, 1, (view, index) => view.getUint8(index));
  }

  override readInt16(offset: number): number {
    return this.pages.number(offset, 2, (view, index) => view.getInt16(index, true));
  }

  override readUint16(offset: number): number {
    return this.pages.number(offset, 2, (view, index) => view.getUint16(index, true));
  }

  override readInt32(offset: number): number {
    return this.pages.number(offset, 4, (view, index) => view.getInt32(index, true));
  }

  override readUint32(offset: number): number {
    return this.pages.number(offset, 4, (view, index) => view.getUint32(index, true));
  }

  override readInt64(offset: number): bigint {
    return this.pages.number(offset, 8, (view, index) => view.getBigInt64(index, true));
  }

  override readUint64(offset: number): bigint {
    return this.pages.number(offset, 8, (view, index) => view.getBigUint64(index, true));
  }

  override readFloat32(offset: number): number {
    return this.pages.number(offset, 4, (view, index) => view.getFloat32(index, true));
  }

  override readFloat64(offset: number): number {
    return this.pages.number(offset, 8, (view, index) => view.getFloat64(index, true));
  }

  override __offset(table: number, slot: number): number {
    this.sawVector = false;
    const vtable = table - this.readInt32(table);
    if (vtable !== this.#vtable) {
      this.#fields = this.#readVtable(vtable);
      this.#vtable = vtable;
    }
    return this.#fields[slot / FIELD_BYTES - FIRST_FIELD] ?? 0;
  }

  /** Unsigned, unlike the library's: files of up to 4 GiB. */
  override __indirect(offset: number): number {
    return offset + this.readUint32(offset);
  }

  override __union<T extends { bb_pos: number; bb: ByteBuffer | null }>(table: T, offset: number): T {
    return Object.assign(table, { bb_pos: this.__indirect(offset), bb: this });
  }

  override __string(offset: number): string {
    const start = this.__indirect(offset);
    const length = this.#length(start, 1);
    this.#charge(length / BYTES_PER_ELEMENT);
    return this.#text.decode(this.pages.bytes(start + UINT32_BYTES, length));
  }

  override __vector(offset: number): number {
    return this.__indirect(offset) + UINT32_BYTES;
  }

  override __vector_len(offset: number): number {
    const start = this.__indirect(offset);
    const length = this.#length(start, 1);
    this.sawVector = true;
    this.#charge(length);
    if (length > LONG_VECTOR) this.pages.bytes(start, length);
    return length;
  }

  /** Where each field of a table stands in it; 0 for one that is left out. */
  #readVtable(vtable: number): readonly number[] {
    const count = Math.min(this.readUint16(vtable) / FIELD_BYTES - FIRST_FIELD, MOST_FIELDS);
    const tableBytes = this.readUint16(vtable + FIELD_BYTES);
    const fields: number[] = [];
    for (let index = 0; index < count; index++) {
      const at = vtable + FIELD_BYTES * (index + FIRST_FIELD);
      const field = this.readUint16(at);
      if (field !== 0 && field >= tableBytes) throw this.pages.error(`field ${index} lies outside its table`, at);
      fields.push(field);
    }
    return fields;
  }

  #length(start: number, width: number): number {
    const length = this.readUint32(start);
    if (start + UINT32_BYTES + length * width > this.pages.size) {
      throw this.pages.error(`${length} elements expected, but the file ends before: truncated or damaged`, start);
    }
    return length;
  }

  #charge(elements: number): void {
    this.#elementsLeft -= elements;
    if (this.#elementsLeft >= 0) return;
    const { source, place } = this.pages;
    throw new LimitError(
      `${source.name}: ${place}: the tables of a model of this size have less than ${this.mostElements} elements`,
    );
  }
}
