import { existsSync } from "node:fs";
import type { ByteSource } from "../../bytes/byte-source.ts";
import { ExternalDataFolder } from "../../bytes/external-data-folder.ts";
import { FileSource } from "../../bytes/file-source.ts";
import type { ReadModelOptions } from "../formats.ts";

/** A file that was opened, and what of it is meant. */
export interface OpenedModelFile {
  readonly source: ByteSource;
  readonly externalData: ExternalDataFolder;
  readonly reading: Pick<ReadModelOptions, "part">;
}

/**
 * Opens the file at a path, or `FILE#PART`: a model of a bundle, or an entry of a model, by its name.
 * @throws {FileAccessError} when it cannot be read
 */
export async function openModelFile(path: string): Promise<OpenedModelFile> {
  const { file, part } = splitPath(path);
  const source = await FileSource.open(file);
  return { source, externalData: new ExternalDataFolder(file), reading: part === undefined ? {} : { part } };
}

/** Names of files may have the mark as well: what there is counts. */
function splitPath(path: string): { readonly file: string; readonly part?: string } {
  if (existsSync(path)) return { file: path };
  for (let mark = path.lastIndexOf("#"); mark > 0; mark = path.lastIndexOf("#", mark - 1)) {
    const file = path.slice(0, mark);
    if (existsSync(file)) return { file, part: path.slice(mark + 1) };
  }
  return { file: path };
}
