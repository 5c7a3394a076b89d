import * as vscode from "vscode";
import { log } from "../log.ts";
import { formatBackup, parseBackup } from "./backup.ts";
import { ModelDocument, type DocumentContext } from "./model-document.ts";
import { connectPanel } from "./model-panel.ts";
import type { OpenModels } from "./open-models.ts";

export const MODEL_EDITOR = "edgewise.model";

/** Opens models and saves them. Every editor on the same file shares its document, and with it the work of profiling and its edits. */
export class ModelEditorProvider implements vscode.CustomEditorProvider<ModelDocument> {
  readonly #context: DocumentContext;
  readonly #dist: vscode.Uri;
  readonly #models: OpenModels;
  readonly #edits = new vscode.EventEmitter<vscode.CustomDocumentEditEvent<ModelDocument>>();

  readonly onDidChangeCustomDocument = this.#edits.event;

  constructor(context: DocumentContext, dist: vscode.Uri, models: OpenModels) {
    this.#context = context;
    this.#dist = dist;
    this.#models = models;
  }

  async openCustomDocument(uri: vscode.Uri, { backupId }: vscode.CustomDocumentOpenContext): Promise<ModelDocument> {
    const text = backupId === undefined ? undefined : await vscode.workspace.fs.readFile(vscode.Uri.parse(backupId));
    const backup = text === undefined ? undefined : parseBackup(new TextDecoder().decode(text));
    if (backup) log().info(`Restoring ${backup.edits.length} edits of ${uri.toString(true)}`);
    const document = new ModelDocument(uri, this.#context, backup);
    document.events.edit.event((edit) => this.#edits.fire(edit));
    this.#models.addDocument(document);
    return document;
  }

  resolveCustomEditor(document: ModelDocument, panel: vscode.WebviewPanel): void {
    this.#models.addEditor({ document, panel, page: connectPanel(panel, document, this.#dist) });
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
    { uri, editing: { content } }: ModelDocument,
    { destination }: vscode.CustomDocumentBackupContext,
  ): Promise<vscode.CustomDocumentBackup> {
    const { base, edits } = content;
    if (base.identity) {
      const backup = formatBackup({ file: uri.toString(), identity: base.identity, copy: base.copy ?? null, edits });
      await vscode.workspace.fs.writeFile(destination, new TextEncoder().encode(backup));
    }
    return {
      id: destination.toString(),
      delete: () => void vscode.workspace.fs.delete(destination).then(undefined, () => undefined),
    };
  }
}

function signalOf(token: vscode.CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
