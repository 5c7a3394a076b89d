import * as vscode from "vscode";
import type { OpenEditor } from "../editor/open-models.ts";
import type { ListedModel } from "./listed-model.ts";
import { listingOf } from "./listing-uri.ts";
import type { Listings } from "./listings.ts";
import { operatorRange } from "./places.ts";

/** The row that is selected on a page in sight and the line of the cursor in a listing in sight follow each other. */
export function followSelection(listings: Listings): vscode.Disposable {
  const { models } = listings.access;
  return vscode.Disposable.from(
    models.onDidChangeSelection(({ document, page }) => {
      const layer = page.selection.at(-1);
      const model = listings.find(document.uri);
      const editor = vscode.window.visibleTextEditors.find(isOf(document.uri));
      if (model && editor && layer !== undefined) goTo(editor, model, layer);
    }),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind }) => {
      const { Keyboard, Mouse } = vscode.TextEditorSelectionChangeKind;
      if (kind !== Keyboard && kind !== Mouse) return;
      const model = listings.of(textEditor.document);
      const layer = layerAtCursor(textEditor, model);
      const page = model && pageOf(listings, model);
      if (layer === undefined || !page?.panel.visible || page.page.selection.at(-1) === layer) return;
      page.page.reveal({ layer, where: "here" });
    }),
  );
}

/** Shows the line of a layer, at the cursor. */
export function goTo(editor: vscode.TextEditor, { shown }: ListedModel, layer: number): void {
  if (!shown || editor.selection.active.line === shown.index.lineOf(layer)) return;
  const range = operatorRange(shown.index, layer);
  if (range.start.line >= editor.document.lineCount) return;
  editor.selection = new vscode.Selection(range.start, range.start);
  editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

/** Folds what begins on a line of the editor in focus. With its levels left out VS Code folds what is around it where it is folded already. */
export async function foldAt(line: number): Promise<void> {
  await vscode.commands.executeCommand("editor.fold", { levels: 1, direction: "down", selectionLines: [line] });
}

export function layerAtCursor({ selection }: vscode.TextEditor, model: ListedModel | undefined): number | undefined {
  return model?.shown?.index.layerAt(selection.active.line);
}

export function pageOf(listings: Listings, { document }: ListedModel): OpenEditor | undefined {
  return listings.access.models.editorsOf(document)[0];
}

function isOf(model: vscode.Uri): (editor: vscode.TextEditor) => boolean {
  const listing = listingOf(model).toString();
  return ({ document }) => document.uri.toString() === listing;
}
