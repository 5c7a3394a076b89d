import { writeAtomically } from "../bytes/atomic-file.ts";
import { existsSync } from "node:fs";
import { formatLearned, parseLearned } from "../training/learned-file.ts";
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
export async function writeEdits(
  path: string,
  edits: readonly Edit[],
  model: string,
  learned: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<void> {
  // The weights first: a list never names what is not there yet.
  if (learned.size > 0) {
    const weights = formatLearned(learned);
    await writeAtomically(learnedPath(path), (target) => target.write(weights));
  }
  const bytes = new TextEncoder().encode(formatEditList(edits, model));
  await writeAtomically(path, (target) => target.write(bytes));
}

/** What edits of a list learned, by its hash; nothing where no file of weights stands beside it. @throws {ModelFormatError} */
export async function readLearned(path: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const beside = learnedPath(path);
  if (!existsSync(beside)) return new Map();
  const source = await FileSource.open(beside);
  try {
    return parseLearned(await source.read(0, source.size), beside);
  } finally {
    await source.close();
  }
}

/** `list.json` has its weights in `list.weights`. */
function learnedPath(path: string): string {
  return `${path.replace(/\.json$/i, "")}.weights`;
}
