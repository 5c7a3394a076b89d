import { randomUUID } from "node:crypto";
import { constants, copyFileSync, rmSync } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { isTextFile } from "./is-text.ts";

interface Aside {
  readonly copy: string;
  /** Saves that the file is not put back after yet: until then the copy is the only whole one. */
  saves: number;
  /** Settled when the file was put back after all of them. */
  settled: Promise<string | undefined>;
}

/** What became of a file that was to be put back. */
export interface PutBack {
  readonly copy: string;
  /** Why it could not be, of which the copy is left. */
  readonly failure: string | undefined;
}

/** Copies of files that hold no text, from before a save until the file was put back after it. */
export class FilesAside {
  readonly #aside = new Map<string, Aside>();

  /**
   * Copies a file that is not text. At once, since VS Code waits for promises for a short time only; where the file system shares the
   * bytes of copies, none are written.
   * @throws when the file cannot be read, or the copy not be written
   */
  keep(file: string): void {
    const before = this.#aside.get(file);
    // A save while the file is being put back would be copied with the damage of the one before.
    if (before && before.saves > 0) return;
    if (before) this.#forget(file, before);
    if (isTextFile(file)) return;
    const copy = path.join(tmpdir(), `edgewise-${randomUUID()}`);
    copyFileSync(file, copy, constants.COPYFILE_FICLONE);
    this.#aside.set(file, { copy, saves: 0, settled: Promise.resolve(undefined) });
  }

  /** Puts a file back as it was before it was saved. @returns undefined where nothing of it was kept */
  async putBack(file: string): Promise<PutBack | undefined> {
    const aside = this.#aside.get(file);
    if (aside === undefined) return undefined;
    const { copy } = aside;
    aside.saves += 1;
    aside.settled = aside.settled.then(() => reasonAgainst(copyFile(copy, file)));
    const failure = await aside.settled;
    aside.saves -= 1;
    if (aside.saves > 0) return { copy, failure };
    this.#aside.delete(file);
    if (failure === undefined) await rm(copy, { force: true });
    return { copy, failure };
  }

  /** Forgets what was kept of saves that never came about. */
  dispose(): void {
    for (const [file, aside] of this.#aside) if (aside.saves === 0) this.#forget(file, aside);
  }

  #forget(file: string, { copy }: Aside): void {
    this.#aside.delete(file);
    rmSync(copy, { force: true });
  }
}

async function reasonAgainst(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
