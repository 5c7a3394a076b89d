import * as vscode from "vscode";
import { layersTsv } from "../../profiler/presentation.ts";
import type { LayerProfile } from "../../profiler/index.ts";
import type { OpenEditor } from "../editor/open-models.ts";

/** Copies rows with every digit, to be pasted into a spreadsheet. */
export async function copyRows(editor: OpenEditor, argument: unknown): Promise<void> {
  const { profile } = editor.document;
  if (profile) await vscode.env.clipboard.writeText(layersTsv(rowsMeant(editor, argument), profile.totals));
}

export async function copyNames(editor: OpenEditor, argument: unknown): Promise<void> {
  const names = rowsMeant(editor, argument).map(({ name }) => name);
  await vscode.env.clipboard.writeText(names.join("\n"));
}

/** Shows a row on the page: the one of a menu or of the outline, else the one selected last. */
export function revealRow(editor: OpenEditor, argument: unknown, where: "table" | "graph"): void {
  const layer = typeof argument === "number" ? argument : (layerOf(argument) ?? editor.page.selection.at(-1));
  if (layer !== undefined) editor.page.reveal({ layer, where });
}

/** A menu on one of the selected rows means all of them; elsewhere it means the row under the pointer. */
function rowsMeant({ document, page }: OpenEditor, argument: unknown): readonly LayerProfile[] {
  const clicked = layerOf(argument);
  const meant = clicked === undefined || page.selection.includes(clicked) ? page.selection : [clicked];
  return document.profile?.layers.filter(({ index }) => meant.includes(index)) ?? [];
}

/** What the page's `data-vscode-context` says: a `RowContext`. */
function layerOf(context: unknown): number | undefined {
  const { layer } = (typeof context === "object" ? (context ?? {}) : {}) as { readonly layer?: unknown };
  return typeof layer === "number" ? layer : undefined;
}
