import { access } from "node:fs/promises";
import * as vscode from "vscode";
import { log } from "../log.ts";
import type { Engines } from "../worker/engines.ts";
import type { ModelLocation, ModelRequest } from "../worker/protocol.ts";
import type { Backup } from "./backup.ts";
import { BaseFile } from "./base-file.ts";
import { offerComparison } from "../compare/offer-comparison.ts";
import { inForce } from "./edit-list.ts";
import type { Content } from "./editing-session.ts";
import { identityOf, isSameFile, type FileIdentity } from "./file-identity.ts";
import { ModelWatcher } from "./model-watcher.ts";
import { locate, remoteLocation } from "./remote-files.ts";
import { AutoSave, type AutoSaveMode } from "./auto-save.ts";
import {
  askAboutNewVersion,
  askForTarget,
  askWhereToSave,
  checkTarget,
  isBundle,
  isReadOnly,
  offerToSave,
} from "./save-questions.ts";
import { showError, showWarning } from "../dialogs/messages.ts";

export interface FileHost {
  isDirty(): boolean;
  content(): Content<BaseFile>;
  /** Something of the edits may have changed. */
  readonly onState: vscode.Event<unknown>;
  requestFor(content: Content<BaseFile>): ModelRequest;
  readonly engines: Engines;
  /** Starts anew from what is on the disk. */
  load(): Promise<void>;
  /** @throws {RpcError} when the edits do not fit the version */
  rebase(base: BaseFile): Promise<void>;
  markSaved(content: Content<BaseFile>): void;
  /** Goes back to what is on the disk: the edits were saved elsewhere. */
  leave(): void;
}

/** The file behind a document: its versions, who else writes it, and writing it. */
export class DocumentFile implements vscode.Disposable {
  readonly #uri: vscode.Uri;
  readonly #host: FileHost;
  readonly #watcher: ModelWatcher;
  readonly #versions = new Set<BaseFile>();
  /** What was on the disk when we last read or wrote it. */
  #onDisk: FileIdentity | undefined;
  #lastVersion = 0;
  #mayOverwrite = false;
  #isChanged = false;
  #isSaving = false;
  #isAsking = false;
  readonly #autoSave = new AutoSave();
  readonly #states: vscode.Disposable;
  /** That auto save leaves the original alone is said once. */
  #isOffered = false;
  /** Where the next save goes, chosen beforehand. */
  #chosen: vscode.Uri | undefined;

  constructor(uri: vscode.Uri, host: FileHost) {
    this.#uri = uri;
    this.#host = host;
    this.#watcher = new ModelWatcher((changed) => void this.#changed(changed));
    this.watch([]);
    this.#states = host.onState(() => this.#autoSave.onContent(host.content()));
  }

  /** Watches the file and these data files. */
  watch(dataFiles: readonly vscode.Uri[]): void {
    this.#watcher.watch([this.#uri, ...dataFiles]);
  }

  /** Stands for the file until it is read. */
  unread(): BaseFile {
    return this.#version(this.#pathLocation(), undefined);
  }

  /** The version that is on the disk now. */
  async read(): Promise<BaseFile> {
    this.#onDisk = await this.#identity();
    this.#isChanged = false;
    return this.#version(await this.#location(), this.#onDisk);
  }

  /** The version that a backup's edits are of, where it is still there; else what is on the disk. */
  async readFor({ identity, copy }: Backup): Promise<{ readonly base: BaseFile; readonly isOnDisk: boolean }> {
    this.#onDisk = await this.#identity();
    const isOnDisk = isSameFile(identity, this.#onDisk);
    this.#isChanged = !isOnDisk;
    const kept = copy !== null && (await isThere(copy)) ? copy : undefined;
    const known = isOnDisk || kept !== undefined ? identity : this.#onDisk;
    return { base: this.#version(await this.#location(), known, kept), isOnDisk };
  }

  /**
   * Copies a version aside before edits of it are computed. Without room for a copy editing goes on: then undoing ends where another
   * program, or saving, replaces the file.
   */
  async keep(base: BaseFile, folder: string, signal: AbortSignal): Promise<void> {
    const kept = base.keep(folder, async (location, target) => {
      await this.#host.engines.compute("copy", { location, path: target });
    });
    try {
      await Promise.race([kept, aborted(signal)]);
    } catch (error) {
      if (!signal.aborted) log().warn(`${this.#uri.toString(true)} was not copied aside`, String(error));
    }
    signal.throwIfAborted();
  }

  /**
   * Writes the edited model over its file, once the user has agreed to that, or where they say.
   * @throws {vscode.CancellationError} when they would rather not
   * @throws {RpcError} when it cannot be written: the file is as it was
   */
  async save(signal: AbortSignal): Promise<void> {
    const content = this.#host.content();
    const target = await this.#whereToSave();
    if (target === undefined) throw new vscode.CancellationError();
    if (isSameUri(target, this.#uri)) await this.#overwrite(content, signal);
    else {
      await this.saveAs(target, signal);
      void reopen(this.#uri, target);
    }
  }

  /**
   * Writes the edited model to another file. The document goes back to what its own file holds.
   * @throws {Error} when a model cannot be there
   * @throws {RpcError} when it cannot be written
   */
  async saveAs(target: vscode.Uri, signal: AbortSignal): Promise<void> {
    checkTarget(this.#uri, target);
    const content = this.#host.content();
    if (isSameUri(target, this.#uri)) return this.#overwrite(content, signal);
    await this.#write(content, target, signal);
    if (inForce(content.edits).length > 0) void offerComparison(this.#uri, target);
    if (this.#host.isDirty()) this.#host.leave();
  }

  /** Asks what to do about a version that another program wrote; nothing is lost until there is an answer. */
  async askAboutNewVersion(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const answer = await askAboutNewVersion(this.#uri);
      if (answer === "reapply") await this.#host.rebase(await this.read());
      if (answer === "discard") await revert(this.#uri);
    } catch (error) {
      this.#isChanged = true;
      const reason = error instanceof Error ? error.message : String(error);
      log().error(`${this.#uri.toString(true)} was not changed to its new version: ${reason}`);
      void showError(
        vscode.l10n.t("Your edits do not fit the new version and are still those of the old one: {0}", reason),
      );
    } finally {
      this.#isAsking = false;
    }
  }

  dispose(): void {
    this.#watcher.dispose();
    this.#states.dispose();
    for (const version of this.#versions) void version.dispose();
  }

  async #changed(files: readonly vscode.Uri[]): Promise<void> {
    if (this.#isSaving) return;
    const now = await this.#identity();
    const isOwn = files.every((file) => isSameUri(file, this.#uri)) && now !== undefined;
    if (isOwn && isSameFile(now, this.#onDisk)) return;
    this.#onDisk = now;
    this.#isChanged = true;
    if (!this.#host.isDirty()) return this.#host.load();
    // A file that is gone asks nothing: saving makes it again.
    if (now !== undefined || this.#uri.scheme !== "file") await this.askAboutNewVersion();
  }

  async #whereToSave(): Promise<vscode.Uri | undefined> {
    const chosen = this.#chosen;
    this.#chosen = undefined;
    if (chosen !== undefined) return chosen;
    // What watches the file may not have told yet, and on a network drive never does.
    const now = await this.#identity();
    const isOther = now !== undefined && !isSameFile(now, this.#onDisk);
    const obstacles = {
      isReadOnly: await isReadOnly(this.#uri.fsPath),
      isBundle: isBundle(this.#uri),
      isChanged: this.#isChanged || isOther,
    };
    const isFree = !Object.values(obstacles).includes(true);
    if (this.#mayOverwrite && isFree) return this.#uri;
    const mode = vscode.workspace.getConfiguration("files", this.#uri).get<AutoSaveMode>("autoSave", "off");
    if (this.#autoSave.isAutomatic(mode, isInFront(this.#uri))) {
      if (isFree && !this.#isOffered) void this.#offerToSave();
      return undefined;
    }
    return this.#agreed(await askWhereToSave(this.#uri, obstacles));
  }

  /** Asks for another file and saves the edits there; nothing happens when the user chooses none. */
  async saveElsewhere(): Promise<void> {
    const target = this.#agreed(await askForTarget(this.#uri));
    if (target === undefined) return;
    if (this.#host.isDirty()) {
      this.#chosen = target;
      await vscode.workspace.save(this.#uri);
    } else {
      await this.saveAs(target, new AbortController().signal);
      await vscode.commands.executeCommand("vscode.open", target);
    }
  }

  async #offerToSave(): Promise<void> {
    this.#isOffered = true;
    const target = this.#agreed(await offerToSave(this.#uri));
    if (target === undefined || !this.#host.isDirty()) return;
    this.#chosen = target;
    await vscode.workspace.save(this.#uri);
  }

  #agreed(target: vscode.Uri | undefined): vscode.Uri | undefined {
    if (target !== undefined && isSameUri(target, this.#uri)) this.#mayOverwrite = true;
    return target;
  }

  async #overwrite(content: Content<BaseFile>, signal: AbortSignal): Promise<void> {
    await this.#write(content, this.#uri, signal);
    this.#host.markSaved(content);
    // Without a copy of what was there before, what is there now is where edits start from.
    if (content.base.copy === undefined) await this.#host.load();
  }

  async #write(content: Content<BaseFile>, target: vscode.Uri, signal: AbortSignal): Promise<void> {
    this.#isSaving = true;
    try {
      const request = this.#host.requestFor(content);
      const notes = await this.#host.engines.compute("save", { request, path: target.fsPath }, signal);
      for (const note of notes) log().warn(note);
      if (notes.length > 0) void showWarning(notes.join(" "));
      if (!isSameUri(target, this.#uri)) return;
      this.#onDisk = await this.#identity();
      this.#isChanged = false;
    } finally {
      this.#isSaving = false;
    }
  }

  #version(location: ModelLocation, identity: FileIdentity | undefined, copy?: string): BaseFile {
    const version = new BaseFile(location, identity, copy);
    this.#versions.add(version);
    return version;
  }

  async #location(): Promise<ModelLocation> {
    this.#lastVersion += 1;
    try {
      return await locate(this.#uri, this.#lastVersion);
    } catch {
      return this.#pathLocation();
    }
  }

  #pathLocation(): ModelLocation {
    if (this.#uri.scheme === "file") return { kind: "path", path: this.#uri.fsPath, version: this.#lastVersion };
    return remoteLocation(this.#uri, 0, this.#lastVersion);
  }

  /** undefined: it is not there, or not on a disk of this machine. */
  async #identity(): Promise<FileIdentity | undefined> {
    if (this.#uri.scheme !== "file") return undefined;
    return identityOf(this.#uri.fsPath).catch(() => undefined);
  }
}

/** Shows the saved file in place of the one that it was made from. */
async function reopen(original: vscode.Uri, saved: vscode.Uri): Promise<void> {
  const { tabGroups } = vscode.window;
  const old = tabGroups.all.flatMap(({ tabs }) =>
    tabs.filter(({ input }) => input instanceof vscode.TabInputCustom && isSameUri(input.uri, original)),
  );
  const viewType = old.map(({ input }) => (input instanceof vscode.TabInputCustom ? input.viewType : ""))[0];
  await vscode.commands.executeCommand("vscode.openWith", saved, viewType);
  await tabGroups.close(old, true);
}

function isInFront(file: vscode.Uri): boolean {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return vscode.window.state.focused && input instanceof vscode.TabInputCustom && isSameUri(input.uri, file);
}

/** VS Code reverts the active editor only. */
async function revert(file: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand("vscode.open", file);
  await vscode.commands.executeCommand("workbench.action.files.revert");
}

function isSameUri(a: vscode.Uri, b: vscode.Uri): boolean {
  return a.toString() === b.toString();
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
