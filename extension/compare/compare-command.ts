import * as path from "node:path";
import * as vscode from "vscode";
import { MODEL_EXTENSIONS } from "../../profiler/formats/format-types.ts";
import { askForModel, type ModelAccess } from "../commands/model-access.ts";
import type { ComparisonPanels } from "./comparison-panels.ts";
import { choose } from "../dialogs/choices.ts";

/** A workspace may hold thousands of models; a list that long is not read, and "Browse…" finds the rest. */
const LISTED_MODELS = 500;

/**
 * Compares two models: the two that are selected in the explorer, or the given or active one with one that the user chooses.
 * @param selected all files selected in the explorer, the clicked one among them
 */
export async function compareModels(
  access: ModelAccess,
  panels: ComparisonPanels,
  argument: unknown,
  selected: unknown,
): Promise<void> {
  const [first, second] = Array.isArray(selected) ? selected.filter((item) => item instanceof vscode.Uri) : [];
  if (first && second) {
    panels.open({ before: first, after: second });
    return;
  }
  const before = await access.uriOf(argument);
  const after = before && (await askForOther(before));
  if (before && after) panels.open({ before, after });
}

async function askForOther(model: vscode.Uri): Promise<vscode.Uri | undefined> {
  const found = await vscode.workspace.findFiles(`**/*.{${MODEL_EXTENSIONS.join(",")}}`, undefined, LISTED_MODELS);
  const models = found
    .filter((uri) => uri.toString() !== model.toString())
    .map((uri) => {
      const place = vscode.workspace.asRelativePath(uri);
      return { label: path.posix.basename(uri.path), description: path.posix.dirname(place), uri };
    })
    .sort((a, b) => a.label.localeCompare(b.label));
  const browse = { icon: "folder-opened", label: vscode.l10n.t("Browse…"), description: "", uri: undefined };
  const chosen = await choose([...models, browse], {
    title: vscode.l10n.t("Compare {0} with…", path.posix.basename(model.path)),
    matchOnDescription: true,
  });
  return chosen === browse ? askForModel(vscode.l10n.t("Compare")) : chosen?.uri;
}
