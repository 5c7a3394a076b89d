import * as vscode from "vscode";
import { goTo, layerAtCursor } from "./follow-selection.ts";
import { isListing } from "./listing-uri.ts";
import type { Listings } from "./listings.ts";

/** An edit makes another text, which VS Code puts in place of the old one: the cursor stays on its layer. */
export function keepPlace(listings: Listings): vscode.Disposable {
  const names = new WeakMap<vscode.TextEditor, string>();
  return vscode.Disposable.from(
    vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind }) => {
      const model = listings.of(textEditor.document);
      const shown = model?.shown;
      // Without a kind the text has moved the cursor, not the user.
      if (kind === undefined || shown?.index.listing.text !== textEditor.document.getText()) return;
      const name = shown.profile.layers[layerAtCursor(textEditor, model) ?? -1]?.name;
      if (name === undefined) names.delete(textEditor);
      else names.set(textEditor, name);
    }),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (!isListing(document) || document.isDirty) return;
      const model = listings.of(document);
      for (const editor of vscode.window.visibleTextEditors.filter((visible) => visible.document === document)) {
        const name = names.get(editor);
        const layer = model?.shown?.profile.layers.find((candidate) => candidate.name === name);
        if (model && layer) goTo(editor, model, layer.index);
      }
    }),
  );
}
