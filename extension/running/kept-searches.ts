import { createHash } from "node:crypto";
import * as vscode from "vscode";
import { log } from "../log.ts";

/** Searches on devices that are kept: some hundred kilobytes each, and more than anybody goes on with. */
const KEPT_SEARCHES = 20;

/** Searches with a device in the loop, kept with the workspace: measuring takes minutes, and one that was ended is gone on with. */
export class KeptSearches {
  readonly #folder: vscode.Uri;
  /** What is still to be written, in the order of the calls. */
  #writing: Promise<void> = Promise.resolve();

  constructor(storage: vscode.Uri) {
    this.#folder = vscode.Uri.joinPath(storage, "searches");
  }

  /** @param subject what it is a search of: model, edits, samples and device @returns as it was kept */
  async of(subject: string): Promise<string | null> {
    await this.#writing;
    try {
      return new TextDecoder().decode(await vscode.workspace.fs.readFile(this.#fileOf(subject)));
    } catch (error) {
      if (!(error instanceof vscode.FileSystemError)) throw error;
      return null;
    }
  }

  /** One that cannot be written is gone on with by nobody, and the search itself does not suffer. */
  keep(subject: string, text: string): Promise<void> {
    this.#writing = this.#writing
      .then(() => this.#write(this.#fileOf(subject), text))
      .catch((error: unknown) => log().warn(`kept searches: ${String(error)}`));
    return this.#writing;
  }

  async #write(file: vscode.Uri, text: string): Promise<void> {
    const { fs } = vscode.workspace;
    await fs.createDirectory(this.#folder);
    await fs.writeFile(file, new TextEncoder().encode(text));
    const files = (await fs.readDirectory(this.#folder)).map(([name]) => vscode.Uri.joinPath(this.#folder, name));
    if (files.length <= KEPT_SEARCHES) return;
    const dated = await Promise.all(files.map(async (each) => ({ file: each, at: (await fs.stat(each)).mtime })));
    const old = dated.toSorted((a, b) => b.at - a.at).slice(KEPT_SEARCHES);
    await Promise.all(old.map((each) => fs.delete(each.file)));
  }

  #fileOf(subject: string): vscode.Uri {
    const name = createHash("sha256").update(subject).digest("hex").slice(0, 32);
    return vscode.Uri.joinPath(this.#folder, `${name}.json`);
  }
}
