import { existsSync } from "node:fs";
import type { ByteSource } from "../../bytes/byte-source.ts";
import { FileSource } from "../../bytes/file-source.ts";
import { ModelFormatError } from "../../errors.ts";
import { modelIn, modelsIn } from "./bundle.ts";

/**
 * Opens the file at a path, or `FILE#MODEL`: the model of that name in a bundle.
 * @throws {FileAccessError} when it cannot be read
 * @throws {ModelFormatError} when the file is no bundle, or has no such model
 */
export async function openModelFile(path: string): Promise<ByteSource> {
  const mark = path.lastIndexOf("#");
  if (mark < 0 || existsSync(path)) return FileSource.open(path);
  const source = await FileSource.open(path.slice(0, mark));
  try {
    const models = await modelsIn(source);
    if (models === undefined) throw new ModelFormatError(source.name, "the file", "a bundle of models expected");
    return await modelIn(source, models, path.slice(mark + 1));
  } catch (error) {
    await source.close();
    throw error;
  }
}
