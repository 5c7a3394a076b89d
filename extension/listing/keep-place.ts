import * as vscode from "vscode";
import { foldAt, goTo, layerAtCursor } from "./follow-selection.ts";
import type { ListedRevision } from "./listed-model.ts";
import { isListing } from "./listing-uri.ts";
import type { Listings } from "./listings.ts";

/**
 * An edit makes another text, which VS Code puts in place of the old one: the cursor stays on its layer, and constants that were folded
 * away above it are folded again.
 */
export function keepPlace(listings: Listings): vscode.Disposable {
  const names = new WeakMap<vscode.TextEditor, string>();
  const folded = new WeakSet<vscode.TextEditor>();
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
    vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor, visibleRanges }) => {
      const shown = listings.of(textEditor.document)?.shown;
      if (shown?.index.listing.text !== textEditor.document.getText()) return;
      const line = constantsOf(shown);
      if (line === undefined || !visibleRanges.some((range) => holds(range, line))) return;
      if (visibleRanges.some((range) => holds(range, line + 1))) folded.delete(textEditor);
      else folded.add(textEditor);
    }),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (!isListing(document) || document.isDirty) return;
      const model = listings.of(document);
      for (const editor of vscode.window.visibleTextEditors.filter((visible) => visible.document === document)) {
        const name = names.get(editor);
        const layer = model?.shown?.profile.layers.find((candidate) => candidate.name === name);
        const line = model?.shown && constantsOf(model.shown);
        if (folded.has(editor) && line !== undefined && editor === vscode.window.activeTextEditor) void foldAt(line);
        if (model && layer) goTo(editor, model, layer.index);
      }
    }),
  );
}

/** The line that the constants of the first graph are folded into. */
function constantsOf({ index }: ListedRevision): number | undefined {
  return index.listing.regions.find(({ kind }) => kind === "constants")?.first;
}

function holds({ start, end }: vscode.Range, line: number): boolean {
  return start.line <= line && line <= end.line;
}
