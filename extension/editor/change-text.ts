import * as vscode from "vscode";
import type { Change } from "./edit-list.ts";

/** What a change is called after VS Code's "Undo" and "Redo". */
export function changeText(change: Change): string {
  switch (change.kind) {
    case "apply":
      return change.label;
    case "apply-many":
      return vscode.l10n.t("{0} Edits", change.count);
    case "remove":
      return vscode.l10n.t("Remove {0}", change.label);
    case "change":
      return vscode.l10n.t("Change to {0}", change.label);
    case "switch-on":
      return vscode.l10n.t("Switch on {0}", change.label);
    case "switch-off":
      return vscode.l10n.t("Switch off {0}", change.label);
    case "move":
      return vscode.l10n.t("Move {0}", change.label);
    case "reapply":
      return vscode.l10n.t("Reapply to the Changed File");
    case "other":
      return vscode.l10n.t("Change of Edits");
  }
}
