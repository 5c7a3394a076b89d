import * as vscode from "vscode";
import type { ListingFiles } from "./listing-files.ts";
import { isListing, modelOf } from "./listing-uri.ts";
import type { Listings } from "./listings.ts";
import { runOnPage } from "./page-of-listing.ts";
import { showInformation } from "../dialogs/messages.ts";

/**
 * Takes back what is typed into a listing, which must look like a file that can be written. Undoing from VS Code's menu arrives as a
 * change of the text too: it is meant for the model.
 */
export function refuseTyping(listings: Listings, files: ListingFiles): vscode.Disposable {
  const refusing = new Set<vscode.TextDocument>();
  const refuse = async (text: vscode.TextDocument): Promise<void> => {
    if (refusing.has(text)) return;
    refusing.add(text);
    try {
      // Saving drops the change and the dirty mark; the text of the model is then read again.
      while (text.isDirty) await text.save();
      files.touch(text.uri);
    } finally {
      refusing.delete(text);
    }
  };
  return vscode.workspace.onDidChangeTextDocument(({ document, reason }) => {
    if (!isListing(document) || !document.isDirty) return;
    void refuse(document);
    const { Undo, Redo } = vscode.TextDocumentChangeReason;
    if (reason === Undo) void runOnPage(listings, modelOf(document.uri), "undo");
    else if (reason === Redo) void runOnPage(listings, modelOf(document.uri), "redo");
    else void explain();
  });
}

let isExplaining = false;

/** Says once at a time what can be done instead. */
async function explain(): Promise<void> {
  if (isExplaining) return;
  isExplaining = true;
  try {
    const quickFix = vscode.l10n.t("Show Code Actions");
    const message = vscode.l10n.t(
      "The listing follows the model and cannot be typed into. Its layers are changed by the code actions of each line.",
    );
    if ((await showInformation(message, quickFix)) === quickFix)
      await vscode.commands.executeCommand("editor.action.quickFix");
  } finally {
    isExplaining = false;
  }
}
