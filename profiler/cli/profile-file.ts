import { openModelFile } from "../formats/bundles/open-model-file.ts";
import { profileModel, type ProfileOptions } from "../profile-model.ts";
import type { Profile } from "../profile.ts";

/**
 * Profiles a model of the file system.
 * @throws {EdgewiseError} when there is no such file, it is no model, is broken, or an option does not fit it
 */
export async function profileFile(path: string, options: ProfileOptions): Promise<Profile> {
  const { source, externalData, reading } = await openModelFile(path);
  try {
    return await profileModel(source, externalData, { ...options, ...reading });
  } finally {
    await source.close();
  }
}
