import * as vscode from "vscode";
import type { OpenModels } from "../editor/open-models.ts";
import { shortTotals, totalsMarkdown } from "./totals.ts";

/** Left of the language and encoding that text editors show in this place. */
const PRIORITY = 100;

/** The totals of the model whose editor has the focus; a click offers what can be done with it. */
export function showTotals(models: OpenModels): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("edgewise.totals", vscode.StatusBarAlignment.Right, PRIORITY);
  item.name = vscode.l10n.t("Model Totals");
  item.command = "edgewise.showActions";
  const update = (): void => {
    const profile = models.active?.document.profile;
    // What there is to compress or run: menus of a damaged file do not offer it.
    void vscode.commands.executeCommand("setContext", "edgewise.isProfiled", profile !== undefined);
    if (profile === undefined) {
      item.hide();
      return;
    }
    item.text = `$(circuit-board) ${shortTotals(profile)}`;
    item.tooltip = totalsMarkdown(profile);
    item.accessibilityInformation = { label: vscode.l10n.t("Totals of {0}: {1}", profile.file, shortTotals(profile)) };
    item.show();
  };
  return vscode.Disposable.from(item, models.onDidChangeActive(update), models.onDidChangeSnapshot(update));
}
