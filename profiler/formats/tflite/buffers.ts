import type { Storage } from "../../model/model.ts";
import type { Buffer, ExternalBuffer, Model } from "./schema/generated/schema_generated.ts";
import type { TableBuffer } from "./table-buffer.ts";

/** A tensor's bytes: in the file, in another one, or nowhere. */
export interface StoredBytes {
  readonly length: number;
  /** Of the first byte, in the file; undefined when another file holds it. */
  readonly offset: number | undefined;
}

export interface Buffers {
  readonly inside: readonly StoredBytes[];
  /** By id. */
  readonly external: ReadonlyMap<number, StoredBytes>;
  /** Names of the files that hold external buffers. */
  readonly files: readonly string[];
}

/** Data is the first field of a Buffer. */
const DATA_SLOT = 4;

/** Where all buffers lie; none of their bytes is read. */
export async function readBuffers(buffer: TableBuffer, model: Model): Promise<Buffers> {
  const count = (length: () => number): Promise<number> => buffer.once(length);
  const { pages } = buffer;
  const inside = await buffer.each(await count(() => model.buffersLength()), (index) => {
    pages.place = `buffer ${index}`;
    return storedBytes(buffer, present(model.buffers(index)));
  });
  const external = await buffer.each(await count(() => model.externalBuffersLength()), (index) => {
    pages.place = `external buffer ${index}`;
    const table: ExternalBuffer = present(model.externalBuffers(index));
    return [table.id(), { offset: undefined, length: Number(table.length()) }] as const;
  });
  const files = await buffer.each(await count(() => model.externalBufferGroupsLength()), (index) => {
    pages.place = `external buffer group ${index}`;
    return present(model.externalBufferGroups(index)).name() ?? "";
  });
  return { inside, external: new Map(external), files };
}

/**
 * Data in the flatbuffer, or behind it where the flatbuffer would be over 2 GiB: then offset and size count from the file's start,
 * and 0 and 1 stand for none.
 */
function storedBytes(buffer: TableBuffer, table: Buffer): StoredBytes {
  const data = buffer.vectorRange(table.bb_pos, DATA_SLOT);
  if (data !== undefined && data.length > 0) return data;
  const offset = Number(table.offset());
  const length = Number(table.size());
  if (offset <= 1 || length <= 1) return { offset: 0, length: 0 };
  const { pages } = buffer;
  if (offset + length > pages.size) {
    throw pages.error(`${length} bytes expected there, but the file has ${pages.size}: truncated or damaged`, offset);
  }
  return { offset, length };
}

/** The generated accessors give null only where there is no vector at all, and then its length is 0. */
export function present<T>(table: T | null): T {
  if (table === null) throw new Error("a vector lost its elements");
  return table;
}

export function storageOf(buffer: TableBuffer, { offset, length }: StoredBytes): Storage {
  if (offset === undefined) return { kind: "none" };
  return { kind: "range", source: buffer.pages.source, offset, length, encoding: "raw" };
}
