import type * as vscode from "vscode";
import { ModelDocument, type DocumentContext } from "./model-document.ts";
import { connectPanel } from "./model-panel.ts";

export const MODEL_EDITOR = "edgewise.model";

/** Opens models. Every editor on the same file shares its document, and with it the work of profiling. */
export class ModelEditorProvider implements vscode.CustomReadonlyEditorProvider<ModelDocument> {
  readonly #context: DocumentContext;
  readonly #dist: vscode.Uri;
  readonly #active = new Set<{ readonly panel: vscode.WebviewPanel; readonly document: ModelDocument }>();

  constructor(context: DocumentContext, dist: vscode.Uri) {
    this.#context = context;
    this.#dist = dist;
  }

  openCustomDocument(uri: vscode.Uri): ModelDocument {
    return new ModelDocument(uri, this.#context);
  }

  resolveCustomEditor(document: ModelDocument, panel: vscode.WebviewPanel): void {
    const entry = { panel, document };
    this.#active.add(entry);
    panel.onDidDispose(() => this.#active.delete(entry));
    connectPanel(panel, document, this.#dist);
  }

  /** The model whose editor has the focus. */
  get activeDocument(): ModelDocument | undefined {
    return [...this.#active].find(({ panel }) => panel.active)?.document;
  }
}
