import * as vscode from "vscode";
import type { OpenEditor } from "../editor/open-models.ts";
import type { ListedModel } from "./listed-model.ts";
import { listingOf } from "./listing-uri.ts";
import type { Listings } from "./listings.ts";
import { Echoes } from "./echoes.ts";
import { operatorRange } from "./places.ts";

/** The row that is selected on a page in sight and the line of the cursor in a listing in sight follow each other. */
export function followSelection(listings: Listings): vscode.Disposable {
  const { models } = listings.access;
  const echoes = new Echoes();
  return vscode.Disposable.from(
    models.onDidChangeSelection(({ document, page }) => {
      const layer = page.selection.at(-1);
      // The cursor has moved on since it asked the page for this row, or may have: it is never sent back.
      if (layer !== undefined && echoes.take(page, layer)) return;
      const model = listings.find(document.uri);
      const editor = vscode.window.visibleTextEditors.find(isOf(document.uri));
      if (model && editor && layer !== undefined) goTo(editor, model, layer);
    }),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind }) => {
      // Without a kind the text has moved the cursor. Problems, Outline, Go to Definition and symbols move it as a command does.
      if (kind === undefined || isOwnMove(textEditor)) return;
      const model = listings.of(textEditor.document);
      const layer = layerAtCursor(textEditor, model);
      const page = model && pageOf(listings, model);
      if (layer === undefined || !page?.panel.visible) return;
      if ((echoes.last(page.page) ?? page.page.selection.at(-1)) === layer) return;
      echoes.expect(page.page, layer);
      page.page.reveal({ layer, where: "here" });
    }),
  );
}

/** Where `goTo` has put the cursor of an editor last: VS Code tells of that move as of any other. */
const ownMoves = new WeakMap<vscode.TextEditor, number>();

/** Whether the last move of the cursor was ours. Another line is the user's, and what comes after it too. */
function isOwnMove(editor: vscode.TextEditor): boolean {
  const isOwn = ownMoves.get(editor) === editor.selection.active.line;
  ownMoves.delete(editor);
  return isOwn;
}

/** Shows the line of a layer, at the cursor. */
export function goTo(editor: vscode.TextEditor, { shown }: ListedModel, layer: number): void {
  if (!shown || editor.selection.active.line === shown.index.lineOf(layer)) return;
  const range = operatorRange(shown.index, layer);
  if (range.start.line >= editor.document.lineCount) return;
  // At column 1: what is to the left of the operator is not scrolled away.
  const start = range.start.with({ character: 0 });
  ownMoves.set(editor, start.line);
  editor.selection = new vscode.Selection(start, start);
  editor.revealRange(new vscode.Range(start, start), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
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
