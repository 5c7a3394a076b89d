import { present, type StoredBytes } from "./buffers.ts";
import type { Model } from "./schema/generated/schema_generated.ts";
import type { TableBuffer } from "./table-buffer.ts";
import { text } from "./tensors.ts";

/** Metadata whose buffer is a text, padded with zero bytes; all other entries are shown with their size only. */
const TEXT_METADATA = new Set(["min_runtime_version", "CONVERSION_METADATA_VERSION"]);

/** A version is a few characters. */
const LONGEST_TEXT = 64;

/** What the file says of itself. */
export async function readProperties(
  buffer: TableBuffer,
  model: Model,
  buffers: readonly StoredBytes[],
): Promise<ReadonlyMap<string, string>> {
  const { pages } = buffer;
  const about = await buffer.once(() => ({
    version: model.version(),
    description: text(model.description()),
    metadataCount: model.metadataLength(),
  }));
  const metadata = await buffer.each(about.metadataCount, (index): [string, string] => {
    pages.place = `metadata ${index}`;
    const table = present(model.metadata(index));
    const name = text(table.name());
    const stored = buffers[table.buffer()];
    if (stored?.offset === undefined) throw pages.error(`buffer ${table.buffer()} does not exist`);
    const { offset, length } = stored;
    if (!TEXT_METADATA.has(name) || length > LONGEST_TEXT) return [name, `${length} bytes`];
    return [name, new TextDecoder().decode(pages.bytes(offset, length)).replace(/\0.*$/s, "")];
  });
  const description: [string, string][] = about.description === "" ? [] : [["description", about.description]];
  return new Map([["schema version", String(about.version)], ...description, ...metadata]);
}
