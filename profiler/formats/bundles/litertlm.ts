import { ByteBuffer } from "flatbuffers";
import type { ByteSource } from "../../bytes/byte-source.ts";
import { LimitError, ModelFormatError } from "../../errors.ts";
import type { BundledFile } from "./bundled-file.ts";
import { SliceSource } from "./slice-source.ts";

/** "LITERTLM", three 32-bit versions, a reserved word, the end of the header, and the header's flatbuffer. Source: LiteRT-LM, litertlm_header.h. */
const HEADER = { end: 24, start: 32 };
/** A header lists sections; no published one has a hundredth of it. */
const LARGEST_HEADER = 2 ** 24;
const MOST_SECTIONS = 1000;

/** Fields in their tables' vtables. Source: LiteRT-LM, litertlm_header_schema.fbs. */
const META = { sections: 6 };
const SECTIONS = { objects: 4 };
const SECTION = { items: 4, begin: 6, end: 8 };
const ITEM = { key: 4, valueType: 6, value: 8 };
const TEXT = { value: 4 };
/** Of the union of an item's value. */
const TEXT_TYPE = 9;

/**
 * The sections of a .litertlm file, by what they say their model is for.
 * @throws {ModelFormatError} for a broken file
 */
export async function litertlmSections(source: ByteSource): Promise<readonly BundledFile[]> {
  const fault = (expected: string, offset?: number): ModelFormatError =>
    new ModelFormatError(source.name, "the header", expected, offset === undefined ? {} : { offset });
  if (source.size < HEADER.start) throw fault("a header expected: the file is cut off");
  const head = await source.read(0, HEADER.start);
  const end = Number(new DataView(head.buffer, head.byteOffset, head.length).getBigUint64(HEADER.end, true));
  if (end <= HEADER.start || end > source.size) throw fault("its end inside of the file expected", HEADER.end);
  if (end > LARGEST_HEADER) throw new LimitError(`${source.name}: a header of more than ${LARGEST_HEADER} bytes`);
  const tables = new Tables(await source.read(HEADER.start, end - HEADER.start), fault);
  const sections = tables.field(tables.root, META.sections);
  const objects = sections === undefined ? [] : tables.list(sections, SECTIONS.objects);
  return objects.map((object, index): BundledFile => {
    const [begin, last] = [tables.long(object, SECTION.begin), tables.long(object, SECTION.end)];
    if (begin > last || last > source.size) throw fault(`section ${index} inside of the file expected`);
    const texts = new Map(
      tables.list(object, SECTION.items).map((item) => [tables.text(item, ITEM.key), itemText(tables, item)]),
    );
    const name = texts.get("model_type") ?? `section ${index}`;
    const size = last - begin;
    return { name, size, open: () => Promise.resolve(new SliceSource(`${source.name}#${name}`, source, begin, size)) };
  });
}

function itemText(tables: Tables, item: number): string | undefined {
  const value = tables.byte(item, ITEM.valueType) === TEXT_TYPE ? tables.field(item, ITEM.value) : undefined;
  return value === undefined ? undefined : tables.text(value, TEXT.value);
}

/** Tables of a flatbuffer without generated code, each step checked. */
class Tables {
  readonly #bytes: ByteBuffer;

  constructor(
    bytes: Uint8Array,
    private readonly fault: (expected: string, offset?: number) => ModelFormatError,
  ) {
    this.#bytes = new ByteBuffer(bytes);
  }

  get root(): number {
    return this.#inside(this.#bytes.readInt32(this.#inside(0)));
  }

  /** The table that a field refers to. */
  field(table: number, slot: number): number | undefined {
    const at = this.#place(table, slot);
    return at === undefined ? undefined : this.#inside(this.#bytes.__indirect(at));
  }

  /** The tables that a list refers to. */
  list(table: number, slot: number): readonly number[] {
    const at = this.#place(table, slot);
    if (at === undefined) return [];
    const length = this.#bytes.__vector_len(at);
    if (length < 0 || length > MOST_SECTIONS) throw this.fault(`at most ${MOST_SECTIONS} sections expected`);
    const start = this.#bytes.__vector(at);
    return Array.from({ length }, (_, index) => this.#inside(this.#bytes.__indirect(this.#inside(start + 4 * index))));
  }

  text(table: number, slot: number): string {
    const at = this.#place(table, slot);
    if (at === undefined) return "";
    const start = this.#inside(this.#bytes.__indirect(at));
    const length = this.#bytes.readInt32(start);
    this.#inside(start + length);
    return new TextDecoder().decode(this.#bytes.bytes().subarray(start + 4, start + 4 + length));
  }

  long(table: number, slot: number): number {
    const at = this.#place(table, slot);
    return at === undefined ? 0 : Number(this.#bytes.readUint64(at));
  }

  byte(table: number, slot: number): number {
    const at = this.#place(table, slot);
    return at === undefined ? 0 : this.#bytes.readUint8(at);
  }

  #place(table: number, slot: number): number | undefined {
    const vtable = this.#inside(table - this.#bytes.readInt32(table));
    const offset = slot < this.#bytes.readInt16(vtable) ? this.#bytes.readInt16(this.#inside(vtable + slot)) : 0;
    return offset === 0 ? undefined : this.#inside(table + offset);
  }

  #inside(at: number): number {
    if (at >= 0 && at + 4 <= this.#bytes.capacity()) return at;
    throw this.fault("a table inside of it expected", HEADER.start + at);
  }
}
