import * as vscode from "vscode";
import type { SensitivityPoint, TechniqueId } from "../../profiler/editing/index.ts";
import { formatDecibels } from "../../profiler/presentation.ts";
import type { SensitivityState } from "../../webview/protocol/editing.ts";
import type { ListedModel } from "./listed-model.ts";

/** The furthest that a layer bears, once it was measured on the page: as an edit of that layer. */
export function sensitivityActions(
  { document: { uri, sensitivity } }: ListedModel,
  names: ReadonlySet<string>,
  command: string,
): readonly vscode.CodeAction[] {
  return furthestOf(sensitivity.task.state, names).map((point) => {
    const title = vscode.l10n.t("{0}: {1} dB with it alone", titleOf(point), formatDecibels(point.error));
    const action = new vscode.CodeAction(title, vscode.CodeActionKind.RefactorRewrite);
    action.command = { title, command, arguments: [uri, [point.edit]] };
    return action;
  });
}

function furthestOf(state: SensitivityState | null, names: ReadonlySet<string>): readonly SensitivityPoint[] {
  return (state?.layers ?? [])
    .filter(({ layer }) => names.has(layer))
    .flatMap(({ points, furthest }) => furthest.flatMap((position) => points[position] ?? []));
}

function titleOf({ technique, amount, edit: { target } }: SensitivityPoint): string {
  return TITLES[technique](target, amount);
}

const TITLES: Readonly<Record<TechniqueId, (layer: string, amount: number) => string>> = {
  quantize: (layer, bits) => vscode.l10n.t("Quantize {0} to {1} bits", layer, bits),
  share: (layer, bits) => vscode.l10n.t("Share the values of {0} in {1} bits", layer, bits),
  prune: (layer, sparsity) => vscode.l10n.t("Prune {0} by {1} %", layer, Math.round(100 * sparsity)),
};
