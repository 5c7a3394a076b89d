import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ModelLocation } from "../worker/protocol.ts";
import type { FileIdentity } from "./file-identity.ts";

/** Copies that no editor has come back for in so long are of windows that ended without closing them. */
const STALE_MILLISECONDS = 30 * 24 * 3600 * 1000;

/** Writes what is at a location, data files included, to a path. */
export type Copy = (location: ModelLocation, path: string) => Promise<void>;

/**
 * A version of a file that edits start from. It is copied aside before the first edit is computed: saving replaces the file, and others
 * may rewrite it, but what was undone must still be there.
 */
export class BaseFile {
  readonly #original: ModelLocation;
  #copied: Promise<void> | undefined;
  #copy: string | undefined;

  /**
   * @param original where the file is
   * @param identity which version it is; undefined for files that are not on a disk of this machine
   * @param copy a copy that there is already
   */
  constructor(
    original: ModelLocation,
    readonly identity: FileIdentity | undefined,
    copy?: string,
  ) {
    this.#original = original;
    this.#copy = copy;
    if (copy !== undefined) this.#copied = Promise.resolve();
  }

  get location(): ModelLocation {
    const { version } = this.#original;
    return this.#copy === undefined ? this.#original : { kind: "path", path: this.#copy, version };
  }

  /** Where the copy is; undefined while there is none. */
  get copy(): string | undefined {
    return this.#copy;
  }

  /**
   * Copies the file, once.
   * @throws what `copy` throws; then the next call tries again
   */
  keep(folder: string, copy: Copy): Promise<void> {
    this.#copied ??= this.#copyInto(join(folder, randomUUID()), copy).catch((error: unknown) => {
      this.#copied = undefined;
      throw error;
    });
    return this.#copied;
  }

  /** Removes the copy. */
  async dispose(): Promise<void> {
    await this.#copied?.catch(() => undefined);
    if (this.#copy !== undefined) await rm(dirname(this.#copy), { recursive: true, force: true });
  }

  async #copyInto(folder: string, copy: Copy): Promise<void> {
    if (this.#original.kind !== "path") return;
    const path = join(folder, basename(this.#original.path));
    await mkdir(folder, { recursive: true });
    try {
      await copy(this.#original, path);
      this.#copy = path;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }
}

/** A message with the names of files where it has the places of their copies. @param folder that `keep` was given */
export function withoutCopyFolder(message: string, folder: string): string {
  const [start = "", ...others] = message.split(folder);
  return [start, ...others.map((rest) => rest.replace(/^[\\/][^\\/]+[\\/]/, ""))].join("");
}

/** Removes copies that nobody has touched for long. */
export async function removeStaleCopies(folder: string, now = Date.now()): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    if (now - mtimeMs > STALE_MILLISECONDS) await rm(path, { recursive: true, force: true });
  }
}
