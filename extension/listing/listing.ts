import * as vscode from "vscode";
import type { ModelAccess } from "../commands/model-access.ts";
import { registerCodeActions } from "./code-actions.ts";
import { registerCostHints } from "./cost-hints.ts";
import { followSelection } from "./follow-selection.ts";
import { registerHovers } from "./hover.ts";
import { keepPlace } from "./keep-place.ts";
import { registerListingCommands } from "./listing-commands.ts";
import { ListingFiles } from "./listing-files.ts";
import { Listings } from "./listings.ts";
import { registerNavigation } from "./navigation.ts";
import { LISTING_EDITOR, ReopenAsListing } from "./open-listing.ts";
import { registerOutline } from "./outline.ts";
import { showDiagnoses } from "./problems.ts";
import { refuseTyping } from "./refuse-typing.ts";

/** Models as text: a file system, a language with all that VS Code offers for one, diagnostics and code actions. */
export function registerListings(access: ModelAccess, extension: vscode.Uri): vscode.Disposable {
  const listings = new Listings(access);
  const files = new ListingFiles(listings);
  return vscode.Disposable.from(
    listings,
    files.register(),
    refuseTyping(listings, files),
    registerNavigation(listings),
    registerOutline(listings),
    registerHovers(listings),
    registerCostHints(listings),
    showDiagnoses(listings),
    registerCodeActions(listings),
    followSelection(listings),
    keepPlace(listings),
    registerListingCommands(listings, extension),
    vscode.window.registerCustomEditorProvider(LISTING_EDITOR, new ReopenAsListing(listings)),
  );
}
