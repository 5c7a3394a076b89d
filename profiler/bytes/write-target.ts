import { constants, type Stats } from "node:fs";
import { access, lstat, readlink, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FileAccessError } from "../errors.ts";

/** The file that a save goes to, symbolic links followed. */
export interface WriteTarget {
  /** Where the bytes go: what a symbolic link leads to, else the path as it was given. */
  readonly path: string;
  /** What is there and will be replaced; undefined for a new file. */
  readonly replaced: Stats | undefined;
}

/** Folders whose files are the system's own, whatever they look like. */
const SYSTEM_FOLDERS = ["/proc", "/sys", "/dev"];
/** Memory that programs share there by files of their own. */
const SHARED_MEMORY = "/dev/shm";

/** As many links in a row as Linux follows. */
const MOST_LINKS = 40;

/** An administrator may write any file; that it is marked read-only is still meant. */
const ANYBODY_WRITES = 0o222;

/**
 * Looks at what a save would replace before a byte is written.
 * @throws {FileAccessError} when it is no regular file, is marked read-only, or a link that leads nowhere
 */
export async function writeTargetAt(path: string): Promise<WriteTarget> {
  const followed = await followLinks(path);
  if (SYSTEM_FOLDERS.some((folder) => isBelow(followed, folder)) && !isBelow(followed, SHARED_MEMORY))
    throw refused(path, "it is a file of the system's own");
  const replaced = await stat(followed).catch(() => undefined);
  if (replaced === undefined) return { path: followed, replaced };
  if (!replaced.isFile()) throw refused(path, `it is ${kindOf(replaced)}`);
  if ((replaced.mode & ANYBODY_WRITES) === 0) throw readOnly(path, "it is read-only");
  const code = await refusalOf(followed);
  if (code === "EROFS") throw readOnly(path, "the disk is read-only");
  if (code !== undefined) throw readOnly(path, "you may not write to it");
  return { path: followed, replaced };
}

/**
 * Looks whether files can be written there, before the work whose results they are to hold.
 * @param paths undefined for what is not to be written
 * @throws {FileAccessError} as `writeTargetAt`, and for a folder that is not there or lets nobody like us write
 */
export async function requireWritable(...paths: readonly (string | undefined)[]): Promise<void> {
  for (const path of paths) {
    if (path === undefined) continue;
    const target = await writeTargetAt(path);
    const code = await refusalOf(dirname(target.path));
    if (code === "ENOENT" || code === "ENOTDIR") throw refused(path, "its folder does not exist");
    if (code !== undefined) throw readOnly(path, "you may not write to its folder");
  }
}

/** A link's own place may have no file yet: then the save makes it. */
async function followLinks(path: string): Promise<string> {
  let place = resolve(path);
  for (let links = 0; links < MOST_LINKS; links += 1) {
    const folder = await realpath(dirname(place)).catch(() => dirname(place));
    place = join(folder, basename(place));
    const found = await lstat(place).catch(() => undefined);
    if (found?.isSymbolicLink() !== true) return place;
    // A link of /proc names what no path leads to; its own place says enough.
    if (SYSTEM_FOLDERS.some((system) => isBelow(place, system))) return place;
    place = resolve(folder, await readlink(place));
  }
  throw refused(path, "its symbolic links lead in a circle");
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a pipe";
  if (stats.isSocket()) return "a socket";
  return "a device";
}

/** The operating system's code where it lets nobody like us write. */
async function refusalOf(path: string): Promise<string | undefined> {
  return access(path, constants.W_OK).then(
    () => undefined,
    (error: unknown) => (error as NodeJS.ErrnoException).code ?? "",
  );
}

function readOnly(path: string, reason: string): FileAccessError {
  return refused(path, reason, "Save to another file, or allow writing to this one first.");
}

function refused(path: string, reason: string, hint = "Save to a regular file."): FileAccessError {
  return new FileAccessError(`${path}: the file cannot be written: ${reason}`, { hint });
}
