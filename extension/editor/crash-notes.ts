import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseBackup, type Backup } from "./backup.ts";

/** A note's name: of the file that its edits are for, and of the process that wrote it. */
const NAME = /^(?<file>[0-9a-f]{64})\.(?<process>\d+)\.json$/;

/**
 * Unsaved edits as we note them ourselves, at once. VS Code has a backup made a second later, and remembers some seconds after that which
 * document it is of: a crash in between would lose what was just done. A note is there as long as its edits are unsaved and its document
 * open, so one whose process is gone is of a crash.
 */
export class CrashNotes {
  readonly #folder: string;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Takes over what a process that is gone left of a file's edits, the newest of it.
   * @returns undefined when there is nothing, or nothing that can be read
   */
  take(file: string): Promise<Backup | undefined> {
    return this.#inTurn(async () => {
      const [newest, ...older] = await this.#leftOf(file);
      for (const path of older) await rm(path, { force: true });
      if (newest === undefined) return undefined;
      const own = this.#pathOf(file);
      // Of two windows that open the file at once one gets it: the other finds nothing to rename.
      if (newest !== own) await rename(newest, own);
      return parseBackup(await readFile(own, "utf8"));
    });
  }

  /** @throws the operating system's error when there is no room */
  write(file: string, backup: string): Promise<void> {
    return this.#inTurn(async () => {
      await mkdir(this.#folder, { recursive: true });
      const path = this.#pathOf(file);
      await writeFile(`${path}.new`, backup);
      await rename(`${path}.new`, path);
    });
  }

  remove(file: string): Promise<void> {
    return this.#inTurn(() => rm(this.#pathOf(file), { force: true }));
  }

  async #leftOf(file: string): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const ours = names.filter((name) => {
      const { groups } = NAME.exec(name) ?? {};
      return groups?.file === digestOf(file) && !isOtherAndAlive(Number(groups.process));
    });
    const notes = await Promise.all(
      ours.map(async (name) => {
        const path = join(this.#folder, name);
        return { path, time: (await stat(path)).mtimeMs };
      }),
    );
    return notes.sort((a, b) => b.time - a.time).map(({ path }) => path);
  }

  #pathOf(file: string): string {
    return join(this.#folder, `${digestOf(file)}.${process.pid}.json`);
  }

  /** One after the other: the last thing said of a file is what stays. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(work);
    this.#queue = run.catch(() => undefined);
    return run;
  }
}

function digestOf(file: string): string {
  return createHash("sha256").update(file).digest("hex");
}

/** A note of our own process that nobody here wrote is of an earlier one with the same number. */
function isOtherAndAlive(id: number): boolean {
  if (id === process.pid) return false;
  try {
    return process.kill(id, 0);
  } catch (error) {
    // It is there, but another user's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
