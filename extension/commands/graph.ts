import * as vscode from "vscode";
import type { GraphOrder } from "../../webview/protocol/page.ts";
import { choose } from "../dialogs/choices.ts";
import type { OpenEditor } from "../editor/open-models.ts";

/**
 * A picture of the graph as the page draws it.
 * @param argument `{ format, part }` of one of the choices; asked for when it is not given
 */
export async function exportGraph({ page }: OpenEditor, argument: unknown): Promise<void> {
  const choices = pictures();
  const { format, part } = fieldsOf(argument);
  const order =
    choices.find(({ order: known }) => known.format === format && known.part === part) ??
    (await choose(choices, { title: vscode.l10n.t("Export Graph") }));
  if (order) page.graph(order.order);
}

/** Opens or closes the module under the pointer and all that hold the same. */
export function toggleAlike({ page }: OpenEditor, argument: unknown): void {
  const { box } = fieldsOf(argument);
  if (typeof box === "string") page.graph({ kind: "toggle", box });
}

interface Choice extends vscode.QuickPickItem {
  readonly order: Extract<GraphOrder, { kind: "save" }>;
}

function pictures(): readonly Choice[] {
  const choice = (label: string, description: string, order: Omit<Choice["order"], "kind">): Choice => ({
    label,
    description,
    order: { kind: "save", ...order },
  });
  const [whole, view] = [vscode.l10n.t("All of it"), vscode.l10n.t("What is in sight")];
  return [
    choice(whole, "SVG", { format: "svg", part: "whole" }),
    choice(whole, "PNG", { format: "png", part: "whole" }),
    choice(view, "SVG", { format: "svg", part: "view" }),
    choice(view, "PNG", { format: "png", part: "view" }),
  ];
}

function fieldsOf(argument: unknown): Readonly<Record<string, unknown>> {
  return typeof argument === "object" && argument !== null ? { ...argument } : {};
}
