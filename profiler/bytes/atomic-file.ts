import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";

import { FileAccessError } from "../errors.ts";

/** Where a writer's bytes go, in order. */
export interface ByteTarget {
  write(bytes: Uint8Array): Promise<void>;
}

/** Why a file cannot be written, by the operating system's code. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  ENOTDIR: "its folder does not exist",
  EACCES: "you may not write there",
  EPERM: "you may not write there",
  EROFS: "the disk is read-only",
  EISDIR: "it is a folder",
  ENOSPC: "the disk is full",
  EDQUOT: "your quota is full",
  EFBIG: "the file system holds no file so large",
};

/**
 * Writes a file whole or not at all: into a temporary file in the same folder, flushed to the disk, then renamed over `path`. When
 * anything fails or `signal` aborts, what was at `path` is as it was, and the temporary file is gone. A file that is replaced hands
 * its permissions on.
 * @throws {FileAccessError} when the file cannot be written
 */
export async function writeAtomically(
  path: string,
  write: (target: ByteTarget) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  const file = await attempt(path, () => open(temporary, "wx"));
  try {
    try {
      await write({
        write: (bytes) => {
          signal?.throwIfAborted();
          return attempt(path, () => writeFully(file, bytes));
        },
      });
      await attempt(path, () => keepPermissions(file, path));
      await attempt(path, () => file.sync());
    } finally {
      await file.close();
    }
    signal?.throwIfAborted();
    await attempt(path, () => rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done);
    done += bytesWritten;
  }
}

async function keepPermissions(file: FileHandle, path: string): Promise<void> {
  const replaced = await stat(path).catch(() => undefined);
  if (replaced?.isFile() === true) await file.chmod(replaced.mode);
}

/** The rename itself reaches the disk with its folder; systems that cannot open folders (Windows) do without. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw new FileAccessError(`${path}: the file cannot be written: ${REASONS[code] ?? message}`, { cause: error });
  }
}
