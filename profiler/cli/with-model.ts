import { openModelFile } from "../formats/bundles/open-model-file.ts";
import { EditSession, type EditSettings } from "../editing/edit-session.ts";
import { readModel } from "../formats/formats.ts";
import type { MissingData } from "../errors.ts";
import type { Model } from "../model/model.ts";

export interface ReadSettings {
  /** Makes data files that are missing or too short a remark, where the work needs no weights. */
  readonly onMissing?: (remark: string) => void;
}

/**
 * Does something with a model of the file system, which is read once and stays open until it is done.
 * @throws {EdgewiseError} when there is no such file, it is no model, or is broken, or weights that it needs are not there
 */
export async function withModel<T>(
  path: string,
  work: (model: Model) => Promise<T>,
  { onMissing }: ReadSettings = {},
): Promise<T> {
  const { source, externalData, reading } = await openModelFile(path);
  try {
    const model = await readModel(source, externalData, { ...reading, allowsMissingData: onMissing !== undefined });
    for (const missing of model.missingData ?? []) onMissing?.(missingRemark(missing));
    return await work(model);
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
  reading: ReadSettings = {},
): Promise<T> {
  const edit = async (model: Model): Promise<T> => {
    const session = new EditSession(model, settings);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  };
  return withModel(path, edit, reading);
}

/** What is said of a data file that a command does without. */
export function missingRemark({ message }: MissingData): string {
  return `warning: ${message}. What is shown needs no weights; running the model, compressing it and looking at its values do.`;
}
