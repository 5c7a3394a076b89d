import * as vscode from "vscode";
import type { Edit } from "../../profiler/editing/index.ts";
import { applyAllExact, tellingFailures } from "../commands/edits.ts";
import { labelOf } from "../worker/edit-label.ts";
import { APPLY_COMMAND, APPLY_EXACT_COMMAND, CONFIGURE_COMMAND } from "./code-actions.ts";
import { configureEdit } from "./configure-edit.ts";
import { layerAtCursor, pageOf } from "./follow-selection.ts";
import type { Listings } from "./listings.ts";
import { listedUri, openListing } from "./open-listing.ts";
import { editedDocument, runOnPage } from "./page-of-listing.ts";
import { EXPLAIN_COMMAND, explainDiagnostic } from "./problems.ts";
import { namedSavings } from "./suggestion-text.ts";
import { showInformation } from "../dialogs/messages.ts";
import { editorFor } from "../commands/open-editor.ts";
import { showProgress } from "../dialogs/progress.ts";

/** The commands around listings. */
export function registerListingCommands(listings: Listings, extension: vscode.Uri): vscode.Disposable {
  /** A command on the model that it is called for, or whose listing or page has the focus. */
  const onModel =
    (command: (model: vscode.Uri, ...rest: readonly unknown[]) => unknown) =>
    (argument: unknown, ...rest: readonly unknown[]): unknown => {
      const model = listedUri(listings, argument);
      return model && command(model, ...rest);
    };
  /** The same from anywhere: a model is asked for where none has the focus. */
  const onAnyModel =
    (command: (model: vscode.Uri) => unknown) =>
    async (argument: unknown): Promise<unknown> => {
      const model = listedUri(listings, argument) ?? (await editorFor(listings.access))?.document.uri;
      return model && command(model);
    };
  const onPage = (command: "undo" | "redo" | "save"): ((argument: unknown) => unknown) =>
    onModel((model) => runOnPage(listings, model, command));

  const commands: Readonly<Record<string, (...args: readonly unknown[]) => unknown>> = {
    "edgewise.openListing": onAnyModel((model) =>
      openListing(listings, model, { viewColumn: vscode.ViewColumn.Beside }),
    ),
    "edgewise.revealInListing": (context) => revealInListing(listings, context),
    "edgewise.revealOnPage": () => revealOnPage(listings),
    "edgewise.inspectWeights": onModel((model) => inspectWeights(listings, model)),
    "edgewise.listing.undo": onPage("undo"),
    "edgewise.listing.redo": onPage("redo"),
    "edgewise.listing.save": onPage("save"),
    [APPLY_COMMAND]: onModel((model, edits) => apply(listings, model, edits as readonly Edit[])),
    [APPLY_EXACT_COMMAND]: onModel(async (model) => applyAllExact(await editedDocument(listings, model))),
    [CONFIGURE_COMMAND]: onModel((model, edit) => configure(listings, model, edit as Edit)),
    [EXPLAIN_COMMAND]: (code) => explainDiagnostic(extension, code),
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, command]) => vscode.commands.registerCommand(name, command)),
  );
}

/** Applies edits as one undoable step, with progress in the status bar. */
function apply(listings: Listings, model: vscode.Uri, edits: readonly Edit[]): Promise<void> {
  const progress = { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Restructuring…") };
  return tellingFailures(() =>
    showProgress(progress, async () => (await editedDocument(listings, model)).applyEdits(edits)),
  );
}

async function configure(listings: Listings, model: vscode.Uri, edit: Edit): Promise<void> {
  await tellingFailures(async () => {
    const listed = listings.open(model);
    const { engines, name } = listed.document;
    const [described] = await engines.quick.request("describe", { edits: [edit], file: name });
    const predict = async (changed: Edit, signal: AbortSignal): Promise<string | undefined> => {
      const prediction = await listed.predict(changed, signal);
      if (!prediction) return undefined;
      const saves = namedSavings(prediction.saves);
      return saves === "" ? vscode.l10n.t("It saves nothing.") : vscode.l10n.t("Predicted: {0} of the model.", saves);
    };
    if (!described) return;
    const title = labelOf(vscode.l10n.t(described.title), edit);
    const configured = await configureEdit(edit, title, described.options, predict);
    if (configured) await apply(listings, model, [configured]);
  });
}

/** From a row's menu on the page, or for the row that is selected there. */
async function revealInListing(listings: Listings, context: unknown): Promise<void> {
  const { active } = listings.access;
  if (!active) return;
  const { layer } = (typeof context === "object" ? (context ?? {}) : {}) as { readonly layer?: unknown };
  const wanted = typeof layer === "number" ? layer : active.page.selection.at(-1);
  await openListing(listings, active.document.uri, { viewColumn: vscode.ViewColumn.Beside, layer: wanted });
}

/** Shows the layer at the cursor on the page, which is opened where there is none. */
async function revealOnPage(listings: Listings): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const listed = editor && listings.of(editor.document);
  const layer = editor && layerAtCursor(editor, listed);
  if (!listed || layer === undefined) return;
  const { uri } = listed.document;
  await editedDocument(listings, uri);
  const page = pageOf(listings, listings.open(uri));
  page?.panel.reveal(page.panel.viewColumn, false);
  page?.page.reveal({ layer, where: "table" });
}

async function inspectWeights(listings: Listings, model: vscode.Uri): Promise<void> {
  const listed = listings.open(model);
  const progress = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t("Inspecting the weights of {0}", listed.document.name),
    cancellable: true,
  };
  await tellingFailures(async () => {
    await listed.whenListed();
    const found = await showProgress(progress, (token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      return listed.inspectWeights(controller.signal);
    });
    if (!found) return;
    const { diagnoses, read, skipped } = found;
    const left = skipped > 0 ? ` ${vscode.l10n.t("{0} were left out as too large.", skipped)}` : "";
    void showInformation(
      vscode.l10n.t("Layers whose weights were inspected: {0}. Findings: {1}.", read, diagnoses.length) + left,
    );
  });
}
