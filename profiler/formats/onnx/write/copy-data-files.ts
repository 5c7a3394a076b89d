import { access, mkdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";

import { prepareFile } from "../../../bytes/atomic-file.ts";
import type { ByteSource } from "../../../bytes/byte-source.ts";
import { writeSegments } from "../../../bytes/byte-segments.ts";
import { FileSource } from "../../../bytes/file-source.ts";
import { FileAccessError } from "../../../errors.ts";

/** Compared at once. */
const LONGEST_READ = 2 ** 22;

/**
 * Puts the data files that a model refers to beside its copy at `path`. Those that are there already are left alone.
 * @throws {FileAccessError} when another file has the name of one
 */
export async function copyDataFiles(
  files: ReadonlyMap<string, ByteSource>,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  for (const [location, source] of files) {
    const target = join(dirname(path), location);
    if (await isSame(source, target)) continue;
    await mkdir(dirname(target), { recursive: true });
    const whole = [{ source, offset: 0, length: source.size }];
    const prepared = await prepareFile(target, (bytes) => writeSegments(whole, bytes), { signal });
    // Another writer may have been faster: its file must be the same, and is never replaced.
    if (!(await prepared.create())) await isSame(source, target);
  }
}

/** Whether `target` is that file, or has its bytes. */
async function isSame(source: ByteSource, target: string): Promise<boolean> {
  if (!(await exists(target))) return false;
  if (source instanceof FileSource && (await realpath(source.path)) === (await realpath(target))) return true;
  const other = await FileSource.open(target, { isOpenedForEachRead: true });
  if (other.size === source.size && (await haveSameBytes(source, other))) return true;
  throw new FileAccessError(`${target}: the model's weights belong there, but another file has that name`, {
    hint: "Save the model in another folder.",
  });
}

async function haveSameBytes(a: ByteSource, b: ByteSource): Promise<boolean> {
  for (let at = 0; at < a.size; at += LONGEST_READ) {
    const length = Math.min(LONGEST_READ, a.size - at);
    if (!Buffer.from(await a.read(at, length)).equals(await b.read(at, length))) return false;
  }
  return true;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
