import { FileSource } from "../../profiler/bytes/file-source.ts";
import { ExternalDataFolder } from "../../profiler/bytes/external-data-folder.ts";
import type { MeasuredModel } from "../../profiler/device/target.ts";
import { profileModel } from "../../profiler/profile-model.ts";

/** A model's file with the rows of its table. */
export async function measuredModel(
  path: string,
  bindings: Readonly<Record<string, number>> = {},
): Promise<MeasuredModel> {
  const source = await FileSource.open(path);
  try {
    const { layers } = await profileModel(source, new ExternalDataFolder(path), { bindings });
    return { runnable: { path }, layers };
  } finally {
    await source.close();
  }
}
