import * as vscode from "vscode";
import type { Diagnosis } from "../../profiler/diagnostics/index.ts";
import type { ListedModel, ListedRevision } from "./listed-model.ts";
import { listingOf } from "./listing-uri.ts";
import type { Listings } from "./listings.ts";
import { operatorRange } from "./places.ts";

export const EXPLAIN_COMMAND = "edgewise.explainDiagnostic";

/** What marks a diagnostic of ours in the list of problems. */
export const SOURCE = "edgewise";

const SEVERITIES: Readonly<Record<Diagnosis["severity"], vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

/** Shown faded: it could go. */
const UNNECESSARY = new Set(["no-effect"]);

/** The diagnoses of open models in the list of problems, each at its line of the listing, whether that is open or not. */
export function showDiagnoses(listings: Listings): vscode.Disposable {
  const problems = vscode.languages.createDiagnosticCollection("edgewise-listing");
  const update = (model: ListedModel): void => {
    const { shown, document } = model;
    const listing = listingOf(document.uri);
    // Places in a text that VS Code has yet to read would be moved along with what it replaces: they come with the text.
    if (shown && !isRead(listing, shown)) return;
    problems.set(listing, shown && model.diagnoses.map((diagnosis) => diagnosticOf(listing, shown, diagnosis)));
  };
  return vscode.Disposable.from(
    problems,
    listings.onDidDiagnose(update),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      const model = document.isDirty ? undefined : listings.of(document);
      if (model) update(model);
    }),
    listings.onDidClose((model) => problems.delete(listingOf(model))),
  );
}

/** Whether an editor that is open on a listing has the text of this revision. */
function isRead(listing: vscode.Uri, { index }: ListedRevision): boolean {
  const open = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === listing.toString());
  return open === undefined || open.getText() === index.listing.text;
}

function diagnosticOf(
  listing: vscode.Uri,
  { index, profile }: ListedRevision,
  { code, severity, layer, message, related }: Diagnosis,
): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(operatorRange(index, layer), message, SEVERITIES[severity]);
  diagnostic.source = SOURCE;
  diagnostic.code = { value: code, target: explanationOf(code) };
  if (UNNECESSARY.has(code)) diagnostic.tags = [vscode.DiagnosticTag.Unnecessary];
  diagnostic.relatedInformation = related.map((row) => {
    const place = new vscode.Location(listing, operatorRange(index, row));
    return new vscode.DiagnosticRelatedInformation(place, profile.layers[row]?.name ?? "");
  });
  return diagnostic;
}

/** A link that opens the page of the code. */
function explanationOf(code: string): vscode.Uri {
  return vscode.Uri.parse(`command:${EXPLAIN_COMMAND}?${encodeURIComponent(JSON.stringify([code]))}`);
}

/** Of VS Code's own extension for Markdown, which a user may have switched off. */
const PREVIEW = "markdown.showPreview";

/** Shows the documentation of a code. */
export async function explainDiagnostic(extension: vscode.Uri, code: unknown): Promise<void> {
  const page = vscode.Uri.joinPath(extension, "docs", "diagnostics.md");
  if ((await vscode.commands.getCommands(true)).includes(PREVIEW)) {
    const fragment = typeof code === "string" ? code : "";
    await vscode.commands.executeCommand(PREVIEW, page.with({ fragment }));
    return;
  }
  const text = await vscode.workspace.openTextDocument(page);
  const heading = text
    .getText()
    .split("\n")
    .indexOf(`## ${String(code)}`);
  const selection = new vscode.Range(Math.max(heading, 0), 0, Math.max(heading, 0), 0);
  await vscode.window.showTextDocument(text, { selection, preview: true });
}
