import { formatCell } from "../../profiler/columns.ts";
import type { Totals } from "../../profiler/profile.ts";
import { nodeValue, TREE_COLUMN, type PageColumn } from "./page-columns.ts";
import type { Line } from "./table-tree.ts";
import { foldText, INDENT, nameBelow, TWISTIE } from "./line-text.ts";

/** Pixels beside the text: the cell's padding, and room for a unit, a remark or the sort's arrow. */
const BESIDE = 34;

/** Nothing is so wide that a screen should be given to it. */
const WIDEST = 800;

/** The width at which no text in a column is cut: of all lines, not only of those that are drawn. */
export function fittingWidth(column: PageColumn, lines: readonly Line[], totals: Totals, isTree: boolean): number {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return column.width;
  const { fontSize, fontFamily } = getComputedStyle(document.body);
  context.font = `${fontSize} ${fontFamily}`;
  const widest = lines.reduce((most, line) => {
    const text = context.measureText(textOf(column, line, totals)).width;
    return Math.max(most, text + indentOf(column, line, isTree));
  }, context.measureText(column.title).width);
  return Math.min(WIDEST, Math.ceil(widest) + BESIDE);
}

function textOf(column: PageColumn, { node }: Line, totals: Totals): string {
  if (column.id === TREE_COLUMN && node.kind === "fold") return foldText(node.layers);
  if (column.id === TREE_COLUMN && node.kind === "layer") return nameBelow(node.layer.name, node.module);
  const value = nodeValue(column, node, totals);
  return value === undefined ? "" : formatCell(column.unit, value);
}

function indentOf({ id }: PageColumn, { level }: Line, isTree: boolean): number {
  return id === TREE_COLUMN && isTree ? (level - 1) * INDENT + TWISTIE : 0;
}
