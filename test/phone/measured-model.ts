import { FileSource } from "../../profiler/bytes/file-source.ts";
import { SiblingFolder } from "../../profiler/bytes/sibling-files.ts";
import type { MeasuredModel } from "../../profiler/device/target.ts";
import { profileModel } from "../../profiler/profile-model.ts";

/** A model's file with the rows of its table. */
export async function measuredModel(
  path: string,
  bindings: Readonly<Record<string, number>> = {},
): Promise<MeasuredModel> {
  const source = await FileSource.open(path);
  try {
    const { layers } = await profileModel(source, new SiblingFolder(path), { bindings });
    return { runnable: { path }, layers };
  } finally {
    await source.close();
  }
}
