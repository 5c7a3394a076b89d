import type { Stats } from "node:fs";
import { link, open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";

import { FileAccessError } from "../errors.ts";
import { sweepTemporaryFiles, temporaryName } from "./temporary-file.ts";
import { writeTargetAt, type WriteTarget } from "./write-target.ts";

/** Where a writer's bytes go, in order. When a write is done its bytes may become others. */
export interface ByteTarget {
  write(bytes: Uint8Array): Promise<void>;
}

export interface AtomicWriteOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told in one sentence what of the file that was replaced could not be kept, or that another program wrote it meanwhile. */
  readonly onNote?: ((note: string) => void) | undefined;
  /** The file as it was when the save began, where other files are written before it; as it is now when left out. */
  readonly begunAt?: WriteTarget;
}

/** Why a file cannot be written, by the operating system's code. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "its folder does not exist"],
  ["ENOTDIR", "its folder does not exist"],
  ["EACCES", "you may not write there"],
  ["EPERM", "you may not write there"],
  ["EROFS", "the disk is read-only"],
  ["EISDIR", "it is a folder"],
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "your quota is full"],
  ["EFBIG", "the file system holds no file so large"],
]);

/**
 * Writes a file whole or not at all: into a temporary file in the same folder, flushed to the disk, then renamed over `path`. When
 * anything fails or `signal` aborts, what was at `path` is as it was, and the temporary file is gone. A symbolic link is followed to the
 * file it names; a file that is replaced hands its permissions and owner on. What killed writers left in the folder is removed.
 * @throws {FileAccessError} when the file cannot be written, is no regular file, or is marked read-only
 */
export async function writeAtomically(
  path: string,
  write: (target: ByteTarget) => Promise<void>,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const prepared = await prepareFile(path, write, options);
  await prepared.replace();
}

/** A file that is written to the disk under another name, and takes its place in one step. */
export interface PreparedFile {
  /** Puts it at its path, over what is there. */
  replace(): Promise<void>;
  /** Puts it at its path, or at `place` instead. @returns false when a file is there already: nothing happens then */
  create(place?: string): Promise<boolean>;
  /** Removes it, where it has not taken its place. */
  discard(): Promise<void>;
}

/**
 * @param label hexadecimal digits that stand in the temporary file's name (see `sweepTemporaryFiles`)
 * @throws {FileAccessError}
 */
export async function prepareFile(
  path: string,
  write: (target: ByteTarget) => Promise<void>,
  { signal, onNote, begunAt }: AtomicWriteOptions = {},
  label?: string,
): Promise<PreparedFile> {
  signal?.throwIfAborted();
  const target = await writeTargetAt(path);
  const folder = dirname(target.path);
  await sweepTemporaryFiles(folder);
  const temporary = join(folder, temporaryName(label));
  const file = await attempt(path, () => open(temporary, "wx"));
  const discard = (): Promise<void> => rm(temporary, { force: true });
  try {
    try {
      await write({
        write: (bytes) => {
          signal?.throwIfAborted();
          return attempt(path, () => writeFully(file, bytes));
        },
      });
      if (target.replaced) await keepIdentity(file, path, target.replaced, onNote);
      await attempt(path, () => file.sync());
    } finally {
      await file.close();
    }
    signal?.throwIfAborted();
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    discard,
    async replace() {
      try {
        signal?.throwIfAborted();
        await noteRace(path, begunAt ?? target, onNote);
        const own = await stat(temporary).catch(() => undefined);
        await attempt(path, () => rename(temporary, target.path));
        await syncFolder(folder);
        await noteReplaced(path, target.path, own, onNote);
      } catch (error) {
        await discard();
        throw error;
      }
    },
    async create(place = target.path) {
      try {
        return await attempt(place, () => createBy(temporary, place));
      } finally {
        await discard();
        await syncFolder(folder);
      }
    },
  };
}

/** A link fails where a file is, a rename would replace it. */
async function createBy(temporary: string, place: string): Promise<boolean> {
  try {
    await link(temporary, place);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS") throw error;
    // A file system without hard links (FAT): between the look and the rename another writer may come.
    if (await stat(place).catch(() => undefined)) return false;
    await rename(temporary, place);
    return true;
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done);
    done += bytesWritten;
  }
}

async function keepIdentity(
  file: FileHandle,
  path: string,
  { mode, uid, gid, nlink }: Stats,
  onNote: AtomicWriteOptions["onNote"],
): Promise<void> {
  const own = await file.stat();
  if (own.uid !== uid || own.gid !== gid) {
    await file.chown(uid, gid).catch(() => onNote?.(`${path} belonged to another user, and is yours now.`));
  }
  // Behind the owner: a change of that takes special bits away.
  await attempt(path, () => file.chmod(mode));
  if (nlink > 1) onNote?.(`${path} has other names (hard links): they keep the old file.`);
}

/** Both versions were whole; the one that is written now stays. */
async function noteRace(
  path: string,
  { path: place, replaced }: WriteTarget,
  onNote: AtomicWriteOptions["onNote"],
): Promise<void> {
  const now = await stat(place).catch(() => undefined);
  if (now?.ino === replaced?.ino && now?.mtimeMs === replaced?.mtimeMs) return;
  onNote?.(`${path} was written or removed by another program meanwhile: what it wrote is replaced.`);
}

/** The other writer had looked just before our file took its place, and cannot know of it. */
async function noteReplaced(
  path: string,
  place: string,
  own: Stats | undefined,
  onNote: AtomicWriteOptions["onNote"],
): Promise<void> {
  const now = await stat(place).catch(() => undefined);
  if (own === undefined || now?.ino === own.ino) return;
  // Windows numbers a file of a FAT disk by its place in the folder: the rename alone changes that.
  if (process.platform === "win32" && now?.mtimeMs === own.mtimeMs) return;
  onNote?.(`${path} was written or removed by another program right after it was saved: what was saved is gone.`);
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
    throw new FileAccessError(`${path}: the file cannot be written: ${REASONS.get(code) ?? message}`, { cause: error });
  }
}
