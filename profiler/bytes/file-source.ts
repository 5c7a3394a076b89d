import { ownEntry } from "../own-entry.ts";
import { closeSync, constants, fstatSync, openSync, readSync, statSync, type BigIntStats } from "node:fs";

import { FileAccessError, FileChangedError, ModelFormatError } from "../errors.ts";
import type { ByteSource } from "./byte-source.ts";
import { checkBounds } from "./read-bounds.ts";

/** The operating system reads less than 2 GiB in one call. */
const LONGEST_READ = 2 ** 30;

/** To open a pipe would wait for somebody who writes into it; it is refused instead. Windows has no such flag. */
const WITHOUT_WAITING = process.platform === "win32" ? 0 : constants.O_NONBLOCK;

/** Why a file cannot be opened, by the operating system's code. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EACCES: "you may not read it",
  EPERM: "you may not read it",
  EISDIR: "it is a folder",
  EMFILE: "too many files are open",
};

export interface FileSourceOptions {
  /** What messages call the file; its path when left out. */
  readonly name?: string;
  /** Opens the file anew for each read: for data files, which can be many and of which little is read. */
  readonly isOpenedForEachRead?: boolean;
}

/**
 * A file on disk. What was read of it belongs together: every read is followed by a look at size, time and inode, and a file that
 * was rewritten or replaced in between is refused.
 *
 * Reads are synchronous inside: the tables of a model are many short reads, and handing each to a thread costs ten times the read.
 */
export class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  #descriptor: number | undefined;
  #isClosed = false;

  private constructor(
    readonly path: string,
    private readonly identity: BigIntStats,
    descriptor: number | undefined,
    name: string,
  ) {
    this.#descriptor = descriptor;
    this.name = name;
    this.size = Number(identity.size);
  }

  /** @throws {FileAccessError} when `path` is missing, not a file, or not readable */
  static open(path: string, { name = path, isOpenedForEachRead = false }: FileSourceOptions = {}): Promise<FileSource> {
    return promised(() => {
      const descriptor = openDescriptor(path, name);
      const identity = fstatSync(descriptor, { bigint: true });
      if (isOpenedForEachRead || !identity.isFile()) closeSync(descriptor);
      if (!identity.isFile()) throw cannotRead(name, identity.isDirectory() ? "it is a folder" : "it is not a file");
      return new FileSource(path, identity, isOpenedForEachRead ? undefined : descriptor, name);
    });
  }

  read(offset: number, length: number, scratch?: Uint8Array): Promise<Uint8Array> {
    return promised(() => {
      if (this.#isClosed) throw new Error(`${this.name} was closed before it was read`);
      checkBounds(this, offset, length);
      const descriptor = this.#descriptor ?? openDescriptor(this.path, this.name);
      try {
        const bytes = readFully(descriptor, offset, scratch?.subarray(0, length) ?? Buffer.allocUnsafeSlow(length));
        this.#refuseChanged();
        if (bytes.length < length) {
          throw new ModelFormatError(this.name, "end of file", `${length} bytes were expected here`, { offset });
        }
        return bytes;
      } finally {
        if (this.#descriptor === undefined) closeSync(descriptor);
      }
    });
  }

  close(): Promise<void> {
    return promised(() => {
      if (this.#descriptor !== undefined) closeSync(this.#descriptor);
      this.#descriptor = undefined;
      this.#isClosed = true;
    });
  }

  #refuseChanged(): void {
    const now = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    const { size, mtimeNs, ino } = this.identity;
    if (now?.size === size && now.mtimeNs === mtimeNs && now.ino === ino) return;
    throw new FileChangedError(
      `${this.name}: the file was ${now === undefined ? "removed" : "changed"} while it was being read`,
      { hint: "Open it again." },
    );
  }
}

/**
 * The path of a source that is a file, for programs that open it themselves.
 * @throws {FileChangedError} when it is not what it was when it was opened
 */
export async function fileOfModel(source: ByteSource | undefined): Promise<string | undefined> {
  if (!(source instanceof FileSource)) return undefined;
  await source.read(0, 0);
  return source.path;
}

/** @returns those of the bytes that were filled: fewer only at the end of the file */
function readFully(descriptor: number, offset: number, bytes: Uint8Array): Uint8Array {
  let filled = 0;
  while (filled < bytes.length) {
    const count = readSync(descriptor, bytes, filled, Math.min(LONGEST_READ, bytes.length - filled), offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

function openDescriptor(path: string, name: string): number {
  try {
    return openSync(path, constants.O_RDONLY | WITHOUT_WAITING);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    throw cannotRead(name, ownEntry(REASONS, code) ?? (error as Error).message, error);
  }
}

function cannotRead(name: string, reason: string, cause?: unknown): FileAccessError {
  return new FileAccessError(`${name}: the file cannot be read: ${reason}`, { cause });
}

/** An exception becomes a rejection. */
function promised<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
