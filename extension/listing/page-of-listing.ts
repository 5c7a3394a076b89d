import * as vscode from "vscode";
import type { ModelDocument } from "../editor/model-document.ts";
import { MODEL_EDITOR } from "../editor/model-editor.ts";
import type { OpenEditor } from "../editor/open-models.ts";
import { listingOf } from "./listing-uri.ts";
import type { Listings } from "./listings.ts";

/** A page that is asked for must come in this time. */
const PATIENCE_MILLISECONDS = 60_000;

/**
 * The document that a page shows, for edits: undo, save and the dirty mark belong to the page's editor. Opens one beside the listing
 * where there is none.
 */
export async function editedDocument(listings: Listings, model: vscode.Uri): Promise<ModelDocument> {
  const { models } = listings.access;
  const known = models.find(model);
  if (known) return known;
  const options = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
  await vscode.commands.executeCommand("vscode.openWith", model, MODEL_EDITOR, options);
  const document = await until(() => models.find(model), models.onDidOpen);
  await document.whenProfiled();
  return document;
}

/**
 * Lets VS Code's own command act on the model, as if the page had the focus, which comes back to the listing: undo and redo have no
 * other way to an editor that has not the focus.
 */
export async function runOnPage(
  listings: Listings,
  model: vscode.Uri,
  command: "undo" | "redo" | "save",
): Promise<void> {
  const { models } = listings.access;
  const [editor] = models.editorsOf(await editedDocument(listings, model));
  const listing = vscode.window.activeTextEditor;
  if (!editor) return;
  await focus(editor, models.onDidChangeActive);
  await vscode.commands.executeCommand(COMMANDS[command]);
  if (listing?.document.uri.toString() !== listingOf(model).toString()) return;
  const { viewColumn, selection } = listing;
  await vscode.window.showTextDocument(listing.document, { ...(viewColumn && { viewColumn }), selection });
}

const COMMANDS = { undo: "undo", redo: "redo", save: "workbench.action.files.save" } as const;

async function focus({ panel }: OpenEditor, changes: vscode.Event<unknown>): Promise<void> {
  panel.reveal(panel.viewColumn, false);
  await until(() => (panel.active ? panel : undefined), changes);
}

/** @throws when it does not come */
function until<T>(probe: () => T | undefined, event: vscode.Event<unknown>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(undefined), PATIENCE_MILLISECONDS);
    const listener = event(() => {
      const found = probe();
      if (found !== undefined) end(found);
    });
    const end = (found: T | undefined): void => {
      clearTimeout(timer);
      listener.dispose();
      if (found === undefined) reject(new Error(vscode.l10n.t("The page of the model did not open.")));
      else resolve(found);
    };
    const now = probe();
    if (now !== undefined) end(now);
  });
}
