import * as vscode from "vscode";
import { log } from "../log.ts";
import { formatBackup, parseBackup, type Backup } from "./backup.ts";
import type { CrashNotes } from "./crash-notes.ts";
import type { DocumentContext } from "./document-context.ts";
import { ModelDocument } from "./model-document.ts";
import { connectPanel } from "./model-panel.ts";
import type { DiffTabs } from "../source-control/diff-tabs.ts";
import type { OpenModels } from "./open-models.ts";

export const MODEL_EDITOR = "edgewise.model";

/** Opens models and saves them. Every editor on the same file shares its document, and with it the work of profiling and its edits. */
export class ModelEditorProvider implements vscode.CustomEditorProvider<ModelDocument> {
  readonly #context: DocumentContext;
  readonly #dist: vscode.Uri;
  readonly #models: OpenModels;
  readonly #notes: CrashNotes;
  readonly #diffs: DiffTabs;
  /** Restored from our own notes: VS Code takes them for unchanged. */
  readonly #unannounced = new WeakSet<ModelDocument>();
  readonly #edits = new vscode.EventEmitter<vscode.CustomDocumentEditEvent<ModelDocument>>();

  readonly onDidChangeCustomDocument = this.#edits.event;

  constructor(context: DocumentContext, dist: vscode.Uri, models: OpenModels, notes: CrashNotes, diffs: DiffTabs) {
    this.#context = context;
    this.#dist = dist;
    this.#models = models;
    this.#notes = notes;
    this.#diffs = diffs;
  }

  async openCustomDocument(uri: vscode.Uri, { backupId }: vscode.CustomDocumentOpenContext): Promise<ModelDocument> {
    const noted = (await this.#notes.take(uri.toString()).catch(warn)) ?? undefined;
    // A note is as new as a backup, or newer.
    const backup = noted ?? (backupId === undefined ? undefined : await readBackup(vscode.Uri.parse(backupId)));
    if (backup) log().info(`Restoring ${backup.edits.length} edits of ${uri.toString(true)}`);
    const document = new ModelDocument(uri, this.#context, backup);
    if (noted && backupId === undefined) this.#unannounced.add(document);
    document.events.edit.event((edit) => this.#edits.fire(edit));
    this.#keepNote(document);
    this.#models.addDocument(document);
    return document;
  }

  resolveCustomEditor(document: ModelDocument, panel: vscode.WebviewPanel): void {
    if (this.#diffs.take(document.uri, panel)) return;
    document.start();
    this.#models.addEditor({ document, panel, page: connectPanel(panel, document, this.#dist) });
    if (this.#unannounced.delete(document)) void document.announceRestored();
  }

  async saveCustomDocument(document: ModelDocument, token: vscode.CancellationToken): Promise<void> {
    await document.file.save(signalOf(token));
  }

  async saveCustomDocumentAs(
    document: ModelDocument,
    destination: vscode.Uri,
    token: vscode.CancellationToken,
  ): Promise<void> {
    await document.file.saveAs(destination, signalOf(token));
  }

  async revertCustomDocument(document: ModelDocument): Promise<void> {
    await document.revert();
  }

  /** The edits and which version of the file they are of: weights are computed again when they are restored. */
  async backupCustomDocument(
    document: ModelDocument,
    { destination }: vscode.CustomDocumentBackupContext,
  ): Promise<vscode.CustomDocumentBackup> {
    const backup = backupOf(document);
    if (backup !== undefined) await vscode.workspace.fs.writeFile(destination, new TextEncoder().encode(backup));
    return {
      id: destination.toString(),
      delete: () => void vscode.workspace.fs.delete(destination).then(undefined, () => undefined),
    };
  }

  /** Notes the edits of a document whenever they change, and that there are none once they are saved, dropped or undone. */
  #keepNote(document: ModelDocument): void {
    const file = document.uri.toString();
    let noted: unknown;
    document.events.state.event(() => {
      const { content, isDirty } = document.editing;
      const unsaved = isDirty ? content : undefined;
      if (unsaved === noted) return;
      noted = unsaved;
      const backup = unsaved && backupOf(document);
      (backup === undefined ? this.#notes.remove(file) : this.#notes.write(file, backup)).catch(warn);
    });
    document.onDidDispose(() => void this.#notes.remove(file).catch(warn));
  }
}

/** @returns undefined for a file that is not on a disk of this machine, which has no edits either */
function backupOf({ uri, editing: { content } }: ModelDocument): string | undefined {
  const { base, edits } = content;
  if (base.identity === undefined) return undefined;
  return formatBackup({ file: uri.toString(), identity: base.identity, copy: base.copy ?? null, edits });
}

/** @returns undefined when it is gone, or none of ours: the file is opened without edits */
async function readBackup(from: vscode.Uri): Promise<Backup | undefined> {
  try {
    return parseBackup(new TextDecoder().decode(await vscode.workspace.fs.readFile(from)));
  } catch (error) {
    warn(error);
    return undefined;
  }
}

function warn(error: unknown): void {
  log().warn(error instanceof Error ? error.message : String(error));
}

function signalOf(token: vscode.CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
