import * as vscode from "vscode";
import { foldAt, goTo } from "./follow-selection.ts";
import { isListing, listingOf, LISTING_LANGUAGE } from "./listing-uri.ts";
import type { Listings } from "./listings.ts";

export const LISTING_EDITOR = "edgewise.listing";

/**
 * Shows a model as text.
 * @param layer line to go to; else the first one, with the constants above it folded
 */
export async function openListing(
  listings: Listings,
  model: vscode.Uri,
  { viewColumn, layer }: { readonly viewColumn: vscode.ViewColumn; readonly layer?: number | undefined },
): Promise<void> {
  const listing = listingOf(model);
  const listed = listings.open(model);
  await listed.whenListed();
  const text = await vscode.workspace.openTextDocument(listing);
  const isNew = !vscode.window.visibleTextEditors.some(({ document }) => document === text);
  const known = vscode.window.visibleTextEditors.find(({ document }) => document === text)?.viewColumn;
  if (text.languageId !== LISTING_LANGUAGE) await vscode.languages.setTextDocumentLanguage(text, LISTING_LANGUAGE);
  const editor = await vscode.window.showTextDocument(text, { viewColumn: known ?? viewColumn, preview: false });
  const constants = listed.shown?.index.listing.regions.find(({ kind }) => kind === "constants");
  if (isNew && constants) await foldAt(constants.first);
  if (isNew || layer !== undefined) goTo(editor, listed, layer ?? 0);
}

/** The model that a command is meant for: that of the listing in focus, else what the argument or the page in focus says. */
export function listedUri(listings: Listings, argument: unknown): vscode.Uri | undefined {
  if (argument instanceof vscode.Uri) return argument;
  const text = vscode.window.activeTextEditor?.document;
  const listed = text && isListing(text) ? listings.of(text)?.document.uri : undefined;
  return listings.access.active?.document.uri ?? listed;
}

/** "Reopen With…" offers custom editors only: this one makes way for the listing. */
export class ReopenAsListing implements vscode.CustomReadonlyEditorProvider {
  readonly #listings: Listings;

  constructor(listings: Listings) {
    this.#listings = listings;
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  async resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): Promise<void> {
    const viewColumn = panel.viewColumn ?? vscode.ViewColumn.Active;
    await openListing(this.#listings, uri, { viewColumn });
    panel.dispose();
  }
}
