import type * as vscode from "vscode";
import { ModelDocument, type DocumentContext } from "./model-document.ts";
import { connectPanel } from "./model-panel.ts";
import type { OpenModels } from "./open-models.ts";

export const MODEL_EDITOR = "edgewise.model";

/** Opens models. Every editor on the same file shares its document, and with it the work of profiling. */
export class ModelEditorProvider implements vscode.CustomReadonlyEditorProvider<ModelDocument> {
  readonly #context: DocumentContext;
  readonly #dist: vscode.Uri;
  readonly #models: OpenModels;

  constructor(context: DocumentContext, dist: vscode.Uri, models: OpenModels) {
    this.#context = context;
    this.#dist = dist;
    this.#models = models;
  }

  openCustomDocument(uri: vscode.Uri): ModelDocument {
    const document = new ModelDocument(uri, this.#context);
    this.#models.addDocument(document);
    return document;
  }

  resolveCustomEditor(document: ModelDocument, panel: vscode.WebviewPanel): void {
    this.#models.addEditor({ document, panel, page: connectPanel(panel, document, this.#dist) });
  }
}
