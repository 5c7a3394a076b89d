import * as vscode from "vscode";
import { LISTING_SCHEME, listingOf, modelOf } from "./listing-uri.ts";
import type { Listings } from "./listings.ts";

/**
 * Listings as files. They can be written, because VS Code offers code actions on nothing else; what is written is dropped, and the text
 * of the model read again.
 */
export class ListingFiles implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #listings: Listings;
  readonly #changes = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #listener: vscode.Disposable;
  /** A text of another time is another text, whatever its length. */
  #time = Date.now();

  readonly onDidChangeFile = this.#changes.event;

  constructor(listings: Listings) {
    this.#listings = listings;
    this.#listener = listings.onDidChange(({ document }) => this.touch(listingOf(document.uri)));
  }

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      this,
      vscode.workspace.registerFileSystemProvider(LISTING_SCHEME, this, { isCaseSensitive: true }),
    );
  }

  /** Lets VS Code read a listing again. */
  touch(listing: vscode.Uri): void {
    this.#time += 1;
    this.#changes.fire([{ type: vscode.FileChangeType.Changed, uri: listing }]);
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const size = (await this.readFile(uri)).length;
    return { type: vscode.FileType.File, ctime: 0, mtime: this.#time, size };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return new TextEncoder().encode(await this.#listings.open(modelOf(uri)).whenListed());
  }

  writeFile(): void {
    // Typing is taken back by whoever noticed it: see `refuseTyping`.
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  dispose(): void {
    this.#listener.dispose();
    this.#changes.dispose();
  }
}
