import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PlannedEdit } from "./protocol.ts";

/** A file's name: 32 hexadecimal digits. */
const KEY = /^[0-9a-f]{32}$/;

/**
 * What edits learned, in files: training takes minutes, so a window that is killed, a thread that is ended, and an undoing that is undone
 * must not cost it. A file is there whole or not at all.
 */
export class LearnedStore {
  readonly #folder: string | undefined;

  /** @param folder undefined: nothing is kept */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** @returns undefined when it was not kept */
  async read(key: string): Promise<Uint8Array | undefined> {
    if (this.#folder === undefined || !KEY.test(key)) return undefined;
    return readFile(join(this.#folder, key)).catch(() => undefined);
  }

  /** @throws the operating system's error when there is no room */
  async write(key: string, bytes: Uint8Array): Promise<void> {
    if (this.#folder === undefined || !KEY.test(key)) return;
    await mkdir(this.#folder, { recursive: true });
    const path = join(this.#folder, key);
    await writeFile(`${path}.${process.pid}.new`, bytes);
    await rename(`${path}.${process.pid}.new`, path);
  }
}

/**
 * Names what the last of these edits learns: the same edits of a file of that size, with the same samples, learn the same.
 * @param fileBytes of the file without edits
 */
export function learnedKey(fileBytes: number, edits: readonly PlannedEdit[]): string {
  return createHash("sha256")
    .update(JSON.stringify([fileBytes, edits]))
    .digest("hex")
    .slice(0, 32);
}
