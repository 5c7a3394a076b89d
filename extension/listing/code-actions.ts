import * as vscode from "vscode";
import type { Diagnosis } from "../../profiler/diagnostics/index.ts";
import type { Edit } from "../../profiler/editing/index.ts";
import type { ListedSuggestion, Suggestions } from "../../webview/protocol/editing.ts";
import { labelOf } from "../worker/edit-label.ts";
import { RpcError } from "../../webview/protocol/rpc.ts";
import type { ListedModel, ListedRevision } from "./listed-model.ts";
import type { Listings } from "./listings.ts";
import { LISTING_SELECTOR } from "./navigation.ts";
import { SOURCE } from "./problems.ts";
import { sensitivityActions } from "./sensitivity-actions.ts";
import { titleOf } from "./suggestion-text.ts";

/** Commands behind code actions: they get the model's address, and what is to be done to it. */
export const APPLY_COMMAND = "edgewise.listing.apply";
export const CONFIGURE_COMMAND = "edgewise.listing.configure";
export const APPLY_EXACT_COMMAND = "edgewise.listing.applyAllExact";

const { QuickFix, RefactorRewrite, SourceFixAll } = vscode.CodeActionKind;
const FIX_ALL = SourceFixAll.append("edgewise");

/** A selection of the whole listing would ask for every suggestion there is. */
const MOST_LAYERS = 20;

/** Restructurings that fit where the cursor is: quick fixes for diagnostics, refactorings for layers, and all exact ones at once. */
export function registerCodeActions(listings: Listings): vscode.Disposable {
  return vscode.languages.registerCodeActionsProvider(
    LISTING_SELECTOR,
    {
      async provideCodeActions(text, range, context, token) {
        const model = listings.of(text);
        const shown = model?.shown;
        if (!model || !shown) return [];
        const isWanted = (kind: vscode.CodeActionKind): boolean => context.only?.contains(kind) !== false;
        const fixAll = isWanted(FIX_ALL) ? [fixAllAction(model)] : [];
        if (!isWanted(QuickFix) && !isWanted(RefactorRewrite)) return fixAll;
        const layers = layersIn(shown, range);
        const suggestions = await suggestionsOf(model, layers, token);
        if (token.isCancellationRequested || !suggestions || model.shown !== shown) return fixAll;
        const here = fittingAt(suggestions, shown, range, layers);
        const fixes = context.diagnostics
          .filter(({ source }) => source === SOURCE)
          .flatMap((diagnostic) => fixesFor(diagnostic, model, shown, suggestions.list));
        const fixed = new Set(fixes.map(({ suggestion }) => suggestion));
        const others = here.filter((suggestion) => !fixed.has(suggestion));
        return [
          ...(isWanted(QuickFix) ? fixes.map(({ action }) => action) : []),
          ...(isWanted(RefactorRewrite) ? others.map((suggestion) => refactoring(model, suggestion)) : []),
          ...(isWanted(RefactorRewrite) ? sensitivityActions(model, namesOf(shown, layers), APPLY_COMMAND) : []),
          ...(isWanted(RefactorRewrite) && here.length === 0 ? notOffered(suggestions, layers) : []),
          ...(isWanted(RefactorRewrite) ? here.flatMap((suggestion) => configuration(model, suggestion)) : []),
          ...fixAll,
        ];
      },
    },
    { providedCodeActionKinds: [QuickFix, RefactorRewrite, FIX_ALL] },
  );
}

async function suggestionsOf(
  model: ListedModel,
  layers: readonly number[],
  token: vscode.CancellationToken,
): Promise<Suggestions | undefined> {
  try {
    return await (layers.length > 0 ? model.suggestionsFor(layers, token) : model.suggestions());
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}

function layersIn({ index }: ListedRevision, { start, end }: vscode.Range): readonly number[] {
  return index.layersBetween(start.line, end.line).slice(0, MOST_LAYERS);
}

function namesOf({ profile }: ListedRevision, layers: readonly number[]): ReadonlySet<string> {
  return new Set(layers.flatMap((layer) => profile.layers[layer]?.name ?? []));
}

/** What changes a layer in the range; on the line of a graph, what changes the whole model. */
function fittingAt(
  { list }: Suggestions,
  { index }: ListedRevision,
  { start }: vscode.Range,
  layers: readonly number[],
): readonly ListedSuggestion[] {
  const isHead = index.listing.regions.some(({ kind, first }) => kind === "graph" && first === start.line);
  return list.filter(({ edit, rows }) => (edit.target === "" ? isHead : layers.some((layer) => rows.includes(layer))));
}

interface Fix {
  readonly suggestion: ListedSuggestion;
  readonly action: vscode.CodeAction;
}

function fixesFor(
  diagnostic: vscode.Diagnostic,
  model: ListedModel,
  { index }: ListedRevision,
  suggestions: readonly ListedSuggestion[],
): readonly Fix[] {
  const layer = index.layerAt(diagnostic.range.start.line);
  const diagnosis = model.diagnoses.find((known) => known.layer === layer && known.message === diagnostic.message);
  return (diagnosis?.answers ?? []).flatMap((answer) =>
    suggestions
      .filter(({ edit }) => answers(answer, edit))
      .map((suggestion): Fix => {
        const action = applying(model, suggestion, QuickFix);
        action.diagnostics = [diagnostic];
        action.isPreferred = suggestion.guarantee === "exact";
        return { suggestion, action };
      }),
  );
}

function answers({ restructuring, target }: Diagnosis["answers"][number], edit: Edit): boolean {
  return edit.restructuring === restructuring && edit.target === target;
}

function refactoring(model: ListedModel, suggestion: ListedSuggestion): vscode.CodeAction {
  return applying(model, suggestion, RefactorRewrite);
}

function applying(
  { document: { uri } }: ListedModel,
  suggestion: ListedSuggestion,
  kind: vscode.CodeActionKind,
): vscode.CodeAction {
  const title = titleOf(suggestion);
  const action = new vscode.CodeAction(title, kind);
  action.command = { title, command: APPLY_COMMAND, arguments: [uri, [suggestion.edit]] };
  return action;
}

function configuration({ document: { uri } }: ListedModel, suggestion: ListedSuggestion): readonly vscode.CodeAction[] {
  if (suggestion.options.length === 0) return [];
  const title = vscode.l10n.t("Configure {0}…", labelOf(vscode.l10n.t(suggestion.title), suggestion.edit));
  const action = new vscode.CodeAction(title, RefactorRewrite);
  action.command = { title, command: CONFIGURE_COMMAND, arguments: [uri, suggestion.edit] };
  return [action];
}

/** Where nothing can be done, the menu says why. */
function notOffered({ absences = [] }: Suggestions, layers: readonly number[]): readonly vscode.CodeAction[] {
  return absences
    .filter(({ rows }) => layers.some((layer) => rows.includes(layer)))
    .map(({ title, reason }) => {
      const what = title === null ? vscode.l10n.t("Any edit") : vscode.l10n.t(title);
      const action = new vscode.CodeAction(what, RefactorRewrite);
      action.disabled = { reason: vscode.l10n.t("{0} is not offered here: {1}", what, reason) };
      return action;
    });
}

function fixAllAction({ document: { uri } }: ListedModel): vscode.CodeAction {
  const title = vscode.l10n.t("Apply all exact restructurings");
  const action = new vscode.CodeAction(title, FIX_ALL);
  action.command = { title, command: APPLY_EXACT_COMMAND, arguments: [uri] };
  return action;
}
