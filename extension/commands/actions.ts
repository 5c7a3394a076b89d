import * as vscode from "vscode";
import { choose } from "../dialogs/choices.ts";

interface Action {
  readonly icon: string;
  readonly label: string;
  readonly command: string;
}

/** What can be done with the model whose totals stand in the status bar. */
export async function showActions(): Promise<void> {
  const actions: readonly Action[] = [
    { icon: "copy", label: vscode.l10n.t("Copy Totals"), command: "edgewise.copyTotals" },
    { icon: "lightbulb", label: vscode.l10n.t("Suggest Compressions"), command: "edgewise.suggestCompressions" },
    { icon: "device-mobile", label: vscode.l10n.t("Choose Hardware Profile…"), command: "edgewise.chooseHardware" },
    { icon: "symbol-numeric", label: vscode.l10n.t("Set Dimension…"), command: "edgewise.setDimension" },
    { icon: "export", label: vscode.l10n.t("Export…"), command: "edgewise.export" },
    { icon: "compare-changes", label: vscode.l10n.t("Compare with…"), command: "edgewise.compare" },
    { icon: "list-tree", label: vscode.l10n.t("Show Modules"), command: "edgewise.modules.focus" },
    { icon: "refresh", label: vscode.l10n.t("Reload Profile"), command: "edgewise.reload" },
    { icon: "output", label: vscode.l10n.t("Show Log"), command: "edgewise.showLog" },
  ];
  const chosen = await choose(actions, { title: "Edgewise" });
  if (chosen) await vscode.commands.executeCommand(chosen.command);
}
