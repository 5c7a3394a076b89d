import { ownEntry } from "../../profiler/own-entry.ts";
import { formatCell } from "../../profiler/columns.ts";
import { formatShape } from "../../profiler/format-numbers.ts";
import type { LayerProfile, Totals } from "../../profiler/profile.ts";
import { WHOLE_NAME, type ColumnNeeds } from "./column-layout.ts";
import { nodeValue, PAGE_COLUMNS, TREE_COLUMN, type PageColumn } from "./page-columns.ts";
import { nodesById, tableTree, type Line } from "./table-tree.ts";
import { foldText, INDENT, nameBelow, nameParts, TWISTIE } from "./line-text.ts";

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

/** Columns whose texts are not to be cut, with what they may take at most. A name needs room first, but a file may have any. */
const WHOLE = { index: 80, name: 240, op: 190, shape: 240 } as const;

/** Pixels beside a name: the way in, the lightbulb of suggestions, a remark. */
const BESIDE_NAME = 64;

/** Pixels beside a title: its padding, and the arrow of a sort, which takes of it where the title is to the right. */
const BESIDE_TITLE = { left: 23, right: 18 } as const;

/** What a model's texts ask for, of the columns in which they are not cut, and what the titles of all columns do. */
export function columnNeeds(layers: readonly LayerProfile[]): ColumnNeeds {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return {};
  const { fontSize, fontFamily } = getComputedStyle(document.body);
  context.font = `${fontSize} ${fontFamily}`;
  const widest = (texts: ReadonlySet<string>, beside: number, most: number): number =>
    Math.min(
      most,
      Math.ceil([...texts].reduce((all, text) => Math.max(all, context.measureText(text).width), 0)) + beside,
    );
  const texts = (of: (layer: LayerProfile) => string): ReadonlySet<string> => new Set(layers.map(of));
  const cells: ColumnNeeds = {
    index: widest(
      texts(({ index }) => String(index).replaceAll(/\d/g, "0")),
      CELL_PADDING,
      WHOLE.index,
    ),
    op: widest(
      texts(({ op }) => op),
      CELL_PADDING,
      WHOLE.op,
    ),
    shape: widest(texts(shapeOf), CELL_PADDING + BESIDE_TIMES * mostTimes(layers), WHOLE.shape),
    name: widest(leavesOf(layers), BESIDE_NAME, WHOLE.name),
  };
  const wholeName = widest(leavesOf(layers, true), BESIDE_NAME, WHOLE.name);
  const needOf = ({ id, title, align }: PageColumn): number =>
    Math.max(ownEntry(cells, id) ?? 0, widest(new Set([title]), BESIDE_TITLE[align], WIDEST));
  const needs = Object.fromEntries(PAGE_COLUMNS.map((column) => [column.id, needOf(column)]));
  return { ...needs, [WHOLE_NAME]: Math.max(wholeName, ownEntry(needs, TREE_COLUMN) ?? 0) };
}

/** Of a cell, on both sides together. */
const CELL_PADDING = 14;

/** Of the sign between two sizes of a shape, on both sides together; the style sheet has the same number. */
const BESIDE_TIMES = 2;

function mostTimes(layers: readonly LayerProfile[]): number {
  return layers.reduce((most, { outputs: [first] }) => Math.max(most, (first?.shape?.length ?? 1) - 1), 0);
}

function shapeOf({ outputs: [first, ...others] }: LayerProfile): string {
  return first ? `${formatShape(first.shape)}${others.length > 0 ? `  +${others.length}` : ""}` : "";
}

/**
 * What must be there of each name: its last segment, with the one before it where the operator gave way to its own column. A layer that is
 * alone in its module is shown in the one above.
 */
export function leavesOf(layers: readonly LayerProfile[], saysOperator = false): ReadonlySet<string> {
  const nodes = nodesById(tableTree(layers, { isTree: true, isSorted: false })).values();
  return new Set(
    [...nodes].flatMap((node) =>
      node.kind === "layer"
        ? [
            nameParts(nameBelow(node.layer.name, node.module), saysOperator ? undefined : node.layer.op)
              .own.slice(-2)
              .join(""),
          ]
        : [],
    ),
  );
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
