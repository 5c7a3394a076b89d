import { writeAtomically } from "../bytes/atomic-file.ts";
import { FileSource } from "../bytes/file-source.ts";
import { formatEditList, parseEditList } from "../editing/edit-list.ts";
import type { Edit } from "../editing/edit.ts";

/** @throws {FileAccessError | OptionError} when there is no such file, or it is no list of edits */
export async function readEdits(path: string): Promise<readonly Edit[]> {
  const source = await FileSource.open(path);
  try {
    return parseEditList(new TextDecoder().decode(await source.read(0, source.size)), path);
  } finally {
    await source.close();
  }
}

/** @throws {FileAccessError} */
export function writeEdits(path: string, edits: readonly Edit[], model: string): Promise<void> {
  const bytes = new TextEncoder().encode(formatEditList(edits, model));
  return writeAtomically(path, (target) => target.write(bytes));
}
