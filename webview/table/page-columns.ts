import { COLUMNS, formatCell, formatCellExact, type Cell, type Column } from "../../profiler/columns.ts";
import { formatShape, formatShare } from "../../profiler/format-numbers.ts";
import { elementsOf } from "../../profiler/model/shape.ts";
import type { LayerProfile, TensorProfile, Totals } from "../../profiler/profile.ts";

/** A column as the page lays it out. What it means and how its numbers read is the profiler's. */
export interface PageColumn extends Column {
  /** Pixels, of which a column that stretches has at least as many. */
  readonly width: number;
  /** Its part of the space that is left; 0 for a column that does not stretch. */
  readonly stretch: number;
  /** Draws a bar behind the number: its part of the largest one in the column. */
  readonly hasBar: boolean;
}

interface Layout {
  readonly width: number;
  readonly stretch?: number;
  readonly hasBar?: true;
}

/** Shares are drawn as bars behind the numbers they are shares of, so they need no columns of their own. */
const LAYOUT: Readonly<Record<string, Layout>> = {
  index: { width: 38 },
  name: { width: 120, stretch: 5 },
  op: { width: 84, stretch: 2 },
  shape: { width: 127, stretch: 0.5 },
  parameters: { width: 102, stretch: 1, hasBar: true },
  macs: { width: 78, stretch: 1, hasBar: true },
  activationBytes: { width: 88, stretch: 1, hasBar: true },
  energy: { width: 78, stretch: 1, hasBar: true },
};

export const NARROWEST_COLUMN = 40;

export const PAGE_COLUMNS: readonly PageColumn[] = COLUMNS.flatMap((column) => {
  const layout = LAYOUT[column.id];
  return layout
    ? [{ ...column, width: layout.width, stretch: layout.stretch ?? 0, hasBar: layout.hasBar ?? false }]
    : [];
});

/** What a column is sorted by: shapes by their size, everything else by its value. Unknown is undefined, which sorts last. */
export function sortValue(column: Column, layer: LayerProfile, totals: Totals): string | number | undefined {
  if (column.id !== "shape") return column.value(layer, totals) ?? undefined;
  const shape = layer.outputs[0]?.shape;
  return shape ? elementsOf(shape) : undefined;
}

/** The largest value of each column with a bar among these rows. */
export function largestValues(layers: readonly LayerProfile[], totals: Totals): ReadonlyMap<string, number> {
  const numberOf = (value: Cell): number => (typeof value === "number" ? value : 0);
  return new Map(
    PAGE_COLUMNS.filter(({ hasBar }) => hasBar).map(({ id, value }) => [
      id,
      layers.reduce((largest, layer) => Math.max(largest, numberOf(value(layer, totals))), 0),
    ]),
  );
}

/** The hover text of a cell: every digit, its share of the total, why it is unknown. */
export function cellTip(column: Column, layer: LayerProfile, totals: Totals): string {
  if (column.id === "shape") return layer.outputs.map(tensorText).join("\n");
  const value = column.value(layer, totals);
  if (column.unit === "text") return formatCell(column.unit, value);
  const exact = `${column.title}: ${formatCellExact(column.unit, value)}`;
  if (value === null) return [exact, whyUnknown(layer)].join("\n");
  const total = column.total === undefined ? null : totals[column.total];
  if (typeof value !== "number" || total === null || total <= 0) return exact;
  return layer.isCounted
    ? `${exact}\n${formatShare(value / total)} of the model’s ${formatCell(column.unit, total)}`
    : `${exact}\nnot in the total`;
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
  return `${name}: ${dtype ?? "unknown type"} ${formatShape(shape)}`;
}

/** The best reason the row itself gives for an unknown number. */
export function whyUnknown({ kind, op, inputs, outputs, notes }: LayerProfile): string {
  if (kind === "unknown") return `Edgewise has no rule for the operator ${op}.`;
  const tensors = [...inputs, ...outputs];
  const symbolic = [...new Set(tensors.flatMap(({ shape }) => shape ?? []).filter((size) => typeof size === "string"))];
  if (symbolic.length > 0) return `Only a run can tell the size of ${symbolic.join(", ")}.`;
  if (tensors.some(({ shape }) => shape === null)) return "The shape of a tensor is unknown.";
  return notes[0] ?? "";
}
