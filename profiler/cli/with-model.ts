import { ExternalDataFolder } from "../bytes/external-data-folder.ts";
import { openModelFile } from "../formats/bundles/open-model-file.ts";
import { readModel } from "../formats/formats.ts";
import type { Model } from "../model/model.ts";

/**
 * Does something with a model of the file system, which is read once and stays open until it is done.
 * @throws {EdgewiseError} when there is no such file, it is no model, or is broken
 */
export async function withModel<T>(path: string, work: (model: Model) => Promise<T>): Promise<T> {
  const source = await openModelFile(path);
  try {
    return await work(await readModel(source, new ExternalDataFolder(path)));
  } finally {
    await source.close();
  }
}
