import { ownEntry } from "../../profiler/own-entry.ts";
import * as l10n from "@vscode/l10n";
import { COLUMNS, formatCell, formatCellExact, type Cell, type Column, type Unit } from "../../profiler/columns.ts";
import { formatShape, formatShare } from "../../profiler/format-numbers.ts";
import { elementsOf } from "../../profiler/model/shape.ts";
import type { LayerProfile, TensorProfile, Totals } from "../../profiler/profile.ts";
import { DOWNLOAD_COLUMN } from "../../profiler/views/download-column.ts";
import { MEASURED_COLUMNS } from "../../profiler/views/measured-times.ts";
import { sumValue } from "../../profiler/views/sum-columns.ts";
import { localised } from "../definitions.ts";
import { layersOf, type FoldNode, type ModuleNode, type TableNode } from "./table-tree.ts";

/** A column as the page lays it out. What it means and how its numbers read is the profiler's. */
export interface PageColumn extends Column {
  /** Pixels that its cells ask for, of which a column that stretches has at least as many; what its title asks for is measured. */
  readonly width: number;
  /** Its part of the space that is left; 0 for a column that does not stretch. */
  readonly stretch: number;
  /** Draws a bar behind the number: its part of the largest one in the column. */
  readonly hasBar: boolean;
  /** Shown unless the user chooses otherwise. */
  readonly isUsual: boolean;
}

interface Layout {
  readonly width: number;
  readonly stretch?: number;
}

/** Columns whose contents ask for more or less room than their unit tells. */
const LAYOUT: Readonly<Record<string, Layout>> = {
  index: { width: 38 },
  name: { width: 120, stretch: 5 },
  op: { width: 84, stretch: 2 },
  shape: { width: 84, stretch: 0.5 },
  parameters: { width: 78, stretch: 1 },
  macs: { width: 78, stretch: 1 },
  energy: { width: 78, stretch: 1 },
  energyArithmetic: { width: 78, stretch: 0.5 },
  energyWeights: { width: 78, stretch: 0.5 },
  energyActivations: { width: 78, stretch: 0.5 },
  latency: { width: 88, stretch: 0.5 },
  measuredShare: { width: 96, stretch: 0.5 },
  measuredRatio: { width: 96, stretch: 0.5 },
  path: { width: 120, stretch: 2 },
  notes: { width: 160, stretch: 3 },
};

const LAYOUT_OF_UNIT: Readonly<Record<Unit, Layout>> = {
  elements: { width: 102, stretch: 1 },
  MACs: { width: 78, stretch: 1 },
  operations: { width: 84, stretch: 1 },
  bytes: { width: 92, stretch: 1 },
  pJ: { width: 78, stretch: 1 },
  s: { width: 88, stretch: 1 },
  share: { width: 96, stretch: 0.5 },
  ratio: { width: 84, stretch: 0.5 },
  rows: { width: 66 },
  text: { width: 78, stretch: 0.5 },
};

/** Shares are drawn as bars behind the numbers they are shares of, so their own columns are for those who ask. */
const USUAL = ["index", "name", "op", "shape", "parameters", "macs", "activationBytes", "energy", "latency"];

/** Units whose numbers say how much of something there is: a bar compares them. */
const NO_BAR: ReadonlySet<Unit> = new Set(["ratio", "rows", "text"]);

/** The column that carries the tree cannot be hidden. */
export const TREE_COLUMN = "name";

export const NARROWEST_COLUMN = 40;

/** Every column there is, in the order in which they are offered. */
export const PAGE_COLUMNS: readonly PageColumn[] = [
  // Beside what is stored.
  ...COLUMNS.flatMap((column) => (column.id === "weightBytes" ? [column, DOWNLOAD_COLUMN] : [column])),
  ...MEASURED_COLUMNS,
].map((column) => {
  const { width, stretch = 0 } = ownEntry(LAYOUT, column.id) ?? LAYOUT_OF_UNIT[column.unit];
  const layout = { width, stretch, hasBar: !NO_BAR.has(column.unit), isUsual: USUAL.includes(column.id) };
  return localised({ ...column, ...layout });
});

/** What a node shows in a column; undefined for an empty cell. */
export function nodeValue(column: Column, node: TableNode, totals: Totals): Cell | undefined {
  switch (node.kind) {
    case "layer":
      return column.value(node.layer, totals);
    case "module":
      return column.id === TREE_COLUMN ? node.name : sumValue(column, node.sums, totals);
    case "fold":
      return foldValue(column, node, totals);
  }
}

/** Most folded rows cost nothing, which their line need not say; where one is unknown it says so. */
function foldValue(column: Column, { sums }: FoldNode, totals: Totals): number | undefined {
  const sum = sumValue(column, sums, totals);
  return sum === 0 && sums.unknownRows === 0 ? undefined : sum;
}

/** What a column is sorted by: shapes by their size, everything else by its value. Unknown is undefined, which sorts last. */
export function sortValue(column: Column, node: TableNode, totals: Totals): string | number | undefined {
  switch (node.kind) {
    case "layer":
      return layerSortValue(column, node.layer, totals);
    case "module":
      return nodeValue(column, node, totals) ?? largestInside(column, node, totals);
    case "fold":
      return nodeValue(column, node, totals) ?? undefined;
  }
}

function layerSortValue(column: Column, layer: LayerProfile, totals: Totals): string | number | undefined {
  if (column.id !== "shape") return column.value(layer, totals) ?? undefined;
  const shape = layer.outputs[0]?.shape;
  return shape ? elementsOf(shape) : undefined;
}

/** A module's place among its siblings in a column that does not add up: that of its largest layer, or of its first. */
function largestInside(column: Column, module: ModuleNode, totals: Totals): string | number | undefined {
  const values = layersOf(module).map((layer) => layerSortValue(column, layer, totals));
  if (column.unit === "rows" || column.unit === "text") return column.id === "shape" ? largest(values) : values[0];
  return largest(values);
}

function largest(values: readonly (string | number | undefined)[]): number | undefined {
  const numbers = values.filter((value) => typeof value === "number");
  return numbers.length === 0 ? undefined : numbers.reduce((most, value) => Math.max(most, value));
}

/** The largest value of each column with a bar among these rows. */
export function largestValues(layers: readonly LayerProfile[], totals: Totals): ReadonlyMap<string, number> {
  const numberOf = (value: Cell): number => (typeof value === "number" ? value : 0);
  return new Map(
    PAGE_COLUMNS.filter(({ hasBar }) => hasBar).map(({ id, value }) => [
      id,
      layers.reduce((most, layer) => Math.max(most, numberOf(value(layer, totals))), 0),
    ]),
  );
}

/** The layer with the largest number in a column, of those that count; undefined where there is no number. */
export function largestLayer(
  layers: readonly LayerProfile[],
  column: string,
  totals: Totals,
): LayerProfile | undefined {
  const known = PAGE_COLUMNS.find(({ id }) => id === column);
  if (known?.hasBar !== true) return undefined;
  const valueOf = (layer: LayerProfile): number => {
    const value = known.value(layer, totals);
    return typeof value === "number" ? value : -Infinity;
  };
  const [first, ...others] = layers.filter(({ isCounted }) => isCounted);
  return first && others.reduce((most, layer) => (valueOf(layer) > valueOf(most) ? layer : most), first);
}

/** The hover text of a cell: every digit, its share of the total, why it is unknown. */
export function cellTip(column: Column, node: TableNode, totals: Totals): string {
  switch (node.kind) {
    case "layer":
      return layerTip(column, node.layer, totals);
    case "module":
      return moduleTip(column, node, totals);
    case "fold":
      return "";
  }
}

function layerTip(column: Column, layer: LayerProfile, totals: Totals): string {
  if (column.id === "shape") return layer.outputs.map(tensorText).join("\n");
  if (column.id === DOWNLOAD_COLUMN.id && layer.downloadBytes === undefined)
    return layer.weightBytes === 0
      ? ""
      : l10n.t("Computed on demand: choose it, and the weights of all layers are read and compressed.");
  const value = column.value(layer, totals);
  if (column.unit === "text") return formatCell(column.unit, value);
  const exact = `${column.title}: ${formatCellExact(column.unit, value)}`;
  if (value === null) return [exact, whyUnknown(layer)].join("\n");
  if (typeof value !== "number" || column.total === undefined) return exact;
  return layer.isCounted ? withShare(exact, column, value, totals) : `${exact}\n${l10n.t("not in the total")}`;
}

function moduleTip(column: Column, { id, name, sums }: ModuleNode, totals: Totals): string {
  if (column.id === TREE_COLUMN) return id;
  const value = nodeValue(column, { kind: "module", id, name, sums, children: [] }, totals);
  if (typeof value !== "number") return "";
  const exact = withShare(`${column.title}: ${formatCellExact(column.unit, value)}`, column, value, totals);
  if (sums.unknownRows === 0) return exact;
  return `${exact}\n${l10n.t("Unknown: {0} of {1} layers", sums.unknownRows, sums.layers)}`;
}

function withShare(exact: string, column: Column, value: number, totals: Totals): string {
  const total = column.total === undefined ? null : totals[column.total];
  if (total === null || total <= 0) return exact;
  return `${exact}\n${l10n.t("{0} of the model’s {1}", formatShare(value / total), formatCell(column.unit, total))}`;
}

/** Totals that are lower bounds, because a row that belongs to them is unknown; with the number of such rows. */
export function incompleteTotals(layers: readonly LayerProfile[], totals: Totals): ReadonlyMap<keyof Totals, number> {
  const counted = layers.filter(({ isCounted }) => isCounted);
  const entries = COLUMNS.flatMap(({ total, value }) => {
    const unknown = total === undefined ? 0 : counted.filter((layer) => value(layer, totals) === null).length;
    return total !== undefined && unknown > 0 ? [[total, unknown] as const] : [];
  });
  return new Map(entries);
}

/** "conv1_out: float32 1×64×112×112" */
function tensorText({ name, dtype, shape }: TensorProfile): string {
  return `${name}: ${dtype ?? l10n.t("unknown type")} ${formatShape(shape)}`;
}

/** The best reason the row itself gives for an unknown number. */
export function whyUnknown({ kind, op, inputs, outputs, notes }: LayerProfile): string {
  if (kind === "unknown") return l10n.t("Edgewise has no rule for the operator {0}.", op);
  const tensors = [...inputs, ...outputs];
  const symbolic = [...new Set(tensors.flatMap(({ shape }) => shape ?? []).filter((size) => typeof size === "string"))];
  if (symbolic.length > 0) return l10n.t("Only a run can tell the size of {0}.", symbolic.join(", "));
  if (tensors.some(({ shape }) => shape === null)) return l10n.t("The shape of a tensor is unknown.");
  return notes[0] ?? "";
}
