import { spawn } from "node:child_process";

export interface GitObject {
  readonly size: number;
  /** Being read; undefined for one over the limit. */
  readonly bytes: Promise<Uint8Array> | undefined;
}

/** "HASH blob SIZE": what Git says of a file before its bytes. */
const HEADING = /^[0-9a-f]+ blob (\d+)$/;

const NEWLINE = 10;

/**
 * Asks Git for a file of a repository: its size, then its bytes, in one process. Through VS Code's Git extension the same takes three
 * processes, and the bytes are copied once more.
 * @param git path of the program
 * @param name "REVISION:PATH", with nothing before the colon for the index
 * @param limit larger files are not read
 * @returns undefined where Git cannot be asked so, or has no such file
 */
export function gitObject(git: string, root: string, name: string, limit: number): Promise<GitObject | undefined> {
  if (name.includes("\n")) return Promise.resolve(undefined);
  const child = spawn(git, ["cat-file", "--batch"], {
    cwd: root,
    stdio: ["pipe", "pipe", "ignore"],
    windowsHide: true,
  });
  // Git that did not start tells so by its end.
  child.stdin.on("error", () => undefined);
  child.stdin.end(`${name}\n`);
  return new Promise((resolve) => {
    let heading = Buffer.alloc(0);
    let content: Content | undefined;
    const giveUp = (): void => {
      resolve(undefined);
      child.kill();
    };
    child.on("error", giveUp);
    child.on("close", () => {
      resolve(undefined);
      content?.end();
    });
    child.stdout.on("data", (chunk: Buffer) => {
      if (content !== undefined) {
        content.take(chunk);
        return;
      }
      heading = Buffer.concat([heading, chunk]);
      const end = heading.indexOf(NEWLINE);
      if (end < 0) return;
      const size = HEADING.exec(heading.toString("latin1", 0, end))?.[1];
      if (size === undefined) {
        giveUp();
      } else if (Number(size) > limit) {
        resolve({ size: Number(size), bytes: undefined });
        child.kill();
      } else {
        content = new Content(Number(size));
        resolve({ size: Number(size), bytes: content.whole });
        content.take(heading.subarray(end + 1));
      }
    });
  });
}

/** Bytes that come in pieces, of a length that is known. */
class Content {
  readonly whole: Promise<Uint8Array>;
  readonly #bytes: Uint8Array;
  #filled = 0;
  #resolve: (bytes: Uint8Array) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
    this.whole = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Who takes them is told; where nobody does, nobody needs to know.
    this.whole.catch(() => undefined);
  }

  take(chunk: Uint8Array): void {
    // Git ends the content with a newline.
    const wanted = chunk.subarray(0, this.#bytes.length - this.#filled);
    this.#bytes.set(wanted, this.#filled);
    this.#filled += wanted.length;
    if (this.#filled === this.#bytes.length) this.#resolve(this.#bytes);
  }

  /** No more of them come. */
  end(): void {
    this.#reject(new Error(`Git ended after ${this.#filled} of ${this.#bytes.length} bytes.`));
  }
}
