import * as vscode from "vscode";
import type { ModelDocument } from "./model-document.ts";
import type { PageConnection } from "./page-connection.ts";

export interface OpenEditor {
  readonly document: ModelDocument;
  readonly panel: vscode.WebviewPanel;
  readonly page: PageConnection;
}

/** The models that are open, and the editors on them: what the status bar, the outline and the commands look at. */
export class OpenModels implements vscode.Disposable {
  readonly #documents = new Set<ModelDocument>();
  readonly #editors = new Set<OpenEditor>();
  readonly #activations = new vscode.EventEmitter<OpenEditor | undefined>();
  readonly #snapshots = new vscode.EventEmitter<ModelDocument>();
  readonly #openings = new vscode.EventEmitter<ModelDocument>();
  readonly #closings = new vscode.EventEmitter<ModelDocument>();
  readonly #selections = new vscode.EventEmitter<OpenEditor>();

  /** Another editor of ours has the focus, or none has. */
  readonly onDidChangeActive = this.#activations.event;
  readonly onDidChangeSnapshot = this.#snapshots.event;
  readonly onDidOpen = this.#openings.event;
  readonly onDidClose = this.#closings.event;
  readonly onDidChangeSelection = this.#selections.event;

  /** The editor that has the focus. */
  get active(): OpenEditor | undefined {
    return [...this.#editors].find(({ panel }) => panel.active);
  }

  get documents(): readonly ModelDocument[] {
    return [...this.#documents];
  }

  /** Editors on a document, those in sight first. */
  editorsOf(document: ModelDocument): readonly OpenEditor[] {
    const editors = [...this.#editors].filter((editor) => editor.document === document);
    return editors.sort((a, b) => Number(b.panel.visible) - Number(a.panel.visible));
  }

  find(uri: vscode.Uri): ModelDocument | undefined {
    return [...this.#documents].find((document) => document.uri.toString() === uri.toString());
  }

  addDocument(document: ModelDocument): void {
    this.#documents.add(document);
    document.onDidChangeSnapshot(() => this.#snapshots.fire(document));
    document.onDidDispose(() => {
      this.#documents.delete(document);
      this.#closings.fire(document);
    });
    this.#openings.fire(document);
  }

  addEditor(editor: OpenEditor): void {
    this.#editors.add(editor);
    const tellActive = (): void => this.#activations.fire(this.active);
    editor.panel.onDidChangeViewState(tellActive);
    editor.page.onDidSelect(() => this.#selections.fire(editor));
    editor.panel.onDidDispose(() => {
      this.#editors.delete(editor);
      tellActive();
    });
    tellActive();
  }

  dispose(): void {
    for (const emitter of [this.#activations, this.#snapshots, this.#openings, this.#closings, this.#selections])
      emitter.dispose();
  }
}
