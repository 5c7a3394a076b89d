import type * as vscode from "vscode";
import type { VersionedFile } from "../source-control/versioned-file.ts";

/** What nobody asks for within this time is dropped: the thread that would have asked was cancelled. */
const KEPT_MILLISECONDS = 10_000;

type Identified = Pick<vscode.Uri, "toString">;

/** Files whose reading has begun before anybody asks for their bytes. Each is handed out once. */
export class ReadAhead {
  readonly #files = new Map<string, VersionedFile>();

  /** Begins to read a file; it takes the place of an earlier one of that name. */
  keep(uri: Identified, located: VersionedFile): void {
    const bytes = Promise.resolve(located.read());
    // Who takes it is told; where nobody does, nobody needs to know.
    bytes.catch(() => undefined);
    const file = { size: located.size, read: () => bytes };
    this.#files.set(uri.toString(), file);
    setTimeout(() => {
      if (this.#files.get(uri.toString()) === file) this.#files.delete(uri.toString());
    }, KEPT_MILLISECONDS).unref();
  }

  holds(uri: Identified): boolean {
    return this.#files.has(uri.toString());
  }

  take(uri: Identified): VersionedFile | undefined {
    const file = this.#files.get(uri.toString());
    this.#files.delete(uri.toString());
    return file;
  }
}
