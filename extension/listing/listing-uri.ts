import * as vscode from "vscode";

/** Where listings are: a file system of our own, so that VS Code offers code actions on them. */
export const LISTING_SCHEME = "edgewise";
export const LISTING_LANGUAGE = "edgewise-listing";

/** What tells a listing from the model beside it in tabs and quick pick. */
const ENDING = ".listing";

/** The listing of a model: beside it by its path, with the model's own address in the query. */
export function listingOf(model: vscode.Uri): vscode.Uri {
  return vscode.Uri.from({ scheme: LISTING_SCHEME, path: `${model.path}${ENDING}`, query: model.toString() });
}

/** @throws {vscode.FileSystemError} for an address that is no listing's */
export function modelOf(listing: vscode.Uri): vscode.Uri {
  const model = listing.scheme === LISTING_SCHEME && listing.query !== "" ? vscode.Uri.parse(listing.query) : undefined;
  if (model && listingOf(model).path === listing.path) return model;
  throw vscode.FileSystemError.FileNotFound(listing);
}

export function isListing({ uri }: vscode.TextDocument): boolean {
  return uri.scheme === LISTING_SCHEME;
}
