import { ExternalDataFolder } from "../bytes/external-data-folder.ts";
import { openModelFile } from "../formats/bundles/open-model-file.ts";
import { EditSession, type EditSettings } from "../editing/edit-session.ts";
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

/**
 * Edits a model of the file system in a session of its own.
 * @throws {EdgewiseError} as `withModel`
 */
export function withEditSession<T>(
  path: string,
  settings: EditSettings,
  work: (session: EditSession) => Promise<T>,
): Promise<T> {
  return withModel(path, async (model) => {
    const session = new EditSession(model, settings);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  });
}
