import * as vscode from "vscode";
import type { BoundDimension } from "../../profiler/index.ts";
import { RpcError } from "../../webview/protocol/rpc.ts";
import type { ModelDocument } from "../editor/model-document.ts";
import { choose } from "../dialogs/choices.ts";
import { showError, showInformation } from "../dialogs/messages.ts";
import { ask } from "../dialogs/questions.ts";

/** Asks for a dynamic dimension and its value, and profiles with it. */
export async function setDimension(document: ModelDocument): Promise<void> {
  const dimensions = document.profile?.dimensions ?? [];
  if (dimensions.length === 0) {
    void showInformation(vscode.l10n.t("This model has no dynamic dimension."));
    return;
  }
  const dimension = await askWhich(dimensions);
  if (dimension === undefined) return;
  const { [dimension.name]: _old, ...others } = document.session.bindings;
  const text = await ask({
    title: vscode.l10n.t("Dimension {0}", dimension.name),
    prompt: vscode.l10n.t("Default {0}. Occurs in {1}.", dimension.default, dimension.occurrences.join(", ")),
    value: String(dimension.value),
    fault: (value) => (isSize(value) ? undefined : vscode.l10n.t("A whole number, 1 or more")),
  });
  if (text === undefined) return;
  const value = Number(text.trim());
  try {
    await document.session.bind(value === dimension.default ? others : { ...others, [dimension.name]: value });
  } catch (error) {
    void showError(error instanceof RpcError ? error.failure.message : String(error));
  }
}

async function askWhich(dimensions: readonly BoundDimension[]): Promise<BoundDimension | undefined> {
  if (dimensions.length === 1) return dimensions[0];
  const items = dimensions.map((dimension) => ({
    label: dimension.name,
    description: `= ${dimension.value}`,
    detail: dimension.occurrences.join(", "),
    dimension,
  }));
  return (await choose(items, { title: vscode.l10n.t("Set Dimension") }))?.dimension;
}

function isSize(text: string): boolean {
  return /^\s*\d+\s*$/.test(text) && Number(text) >= 1 && Number.isSafeInteger(Number(text));
}
