import { formatCell, type Column, type Total, type Unit } from "../../profiler/columns.ts";
import { formatShape, formatShare, UNKNOWN_TEXT } from "../../profiler/format-numbers.ts";
import type { LayerProfile, TensorProfile, Totals } from "../../profiler/profile.ts";
import type { ComparedRow, Comparison } from "../../profiler/views/compare-profiles.ts";
import { isFolded as isFoldedRow } from "../../profiler/views/folded-rows.ts";
import { knownColumn } from "../charts/charts-view.ts";
import { columnOf, TOTALS } from "../definitions.ts";

/** The rows of a comparison as the page shows, sorts and filters them. */

/** Costs that rows can be compared by. */
export const MEASURES: readonly Column[] = [
  "parameters",
  "weightBytes",
  "macs",
  "activationBytes",
  "energy",
  "latency",
].flatMap((id) => columnOf(id) ?? []);

/** What rows are compared by until the user chooses. */
export const FIRST_MEASURE = "macs";

export function measureOf({ measure }: Pick<Choice, "measure">): Column {
  return MEASURES.find(({ id }) => id === measure) ?? knownColumn(FIRST_MEASURE);
}

export type Change = "same" | "changed" | "added" | "removed";

export interface ComparedLayer {
  readonly position: number;
  readonly before: LayerProfile | null;
  readonly after: LayerProfile | null;
  readonly change: Change;
  /** A constant, arithmetic on shapes, or computed from these alone. */
  readonly isFolded: boolean;
  /** Value of each measure, by its column's id. */
  readonly values: ReadonlyMap<string, Difference>;
}

export interface Difference {
  /** null: unknown; undefined: there is no such layer. */
  readonly before: number | null | undefined;
  readonly after: number | null | undefined;
  /** After less before, where a layer that is not there costs nothing; null where one of them is unknown. */
  readonly absolute: number | null;
  /** Part of `before`; null where that is 0, unknown or not there. */
  readonly relative: number | null;
}

export function comparedLayers(comparison: Comparison, before: Totals, after: Totals): readonly ComparedLayer[] {
  return comparison.rows.map((row, position): ComparedLayer => {
    const values = new Map(
      MEASURES.map((column) => [
        column.id,
        difference(valueOf(column, row.before, before), valueOf(column, row.after, after)),
      ]),
    );
    const isFolded = [row.before, row.after].every((layer) => layer === null || isFoldedRow(layer));
    return { ...row, position, values, isFolded, change: changeOf(row, values) };
  });
}

export function difference(before: Difference["before"], after: Difference["after"]): Difference {
  const absolute = before === null || after === null ? null : (after ?? 0) - (before ?? 0);
  return { before, after, absolute, relative: absolute !== null && before ? absolute / before : null };
}

function valueOf(column: Column, layer: LayerProfile | null, totals: Totals): number | null | undefined {
  if (layer === null) return undefined;
  const value = column.value(layer, totals);
  return typeof value === "number" ? value : null;
}

function changeOf({ before, after }: ComparedRow, values: ReadonlyMap<string, Difference>): Change {
  if (before === null) return "added";
  if (after === null) return "removed";
  const isSame =
    before.op === after.op &&
    before.name === after.name &&
    shapeText(before) === shapeText(after) &&
    [...values.values()].every((value) => value.before === value.after);
  return isSame ? "same" : "changed";
}

/** The costs that the two layers of a row differ in. */
export function differingCosts({ change, values }: ComparedLayer): readonly Column[] {
  if (change !== "changed") return [];
  return MEASURES.filter(({ id }) => values.get(id)?.before !== values.get(id)?.after);
}

/** The same where nothing else of the row shows that they differ: not their operators, names, shapes, nor what they are compared by. */
export function unseenCosts(row: ComparedLayer, measure: Column): readonly Column[] {
  const { before, after } = row;
  const costs = differingCosts(row);
  const isReshaped = before !== null && after !== null && shapeText(before) !== shapeText(after);
  const isSeen =
    isReshaped || before?.op !== after?.op || before?.name !== after?.name || costs.some(({ id }) => id === measure.id);
  return isSeen ? [] : costs;
}

export function shapeText({ outputs: [first] }: LayerProfile): string {
  return first ? formatShape(first.shape) : "";
}

/** "conv1", or "conv1 → conv1_folded" where a layer has another name. */
export function pairText({ before, after }: ComparedRow, text: (layer: LayerProfile) => string): string {
  const texts = [before, after].flatMap((layer) => (layer ? [text(layer)] : []));
  return [...new Set(texts)].join(" → ");
}

/** The names of a row by what tells them from their neighbours; whole where both are one. */
export function namesText(row: ComparedRow): string {
  const whole = pairText(row, ({ name }) => name);
  if (!row.before || !row.after || row.before.name === row.after.name) return whole;
  return pairText(row, ({ name }) => name.split("/").filter(Boolean).slice(-NAMED_SEGMENTS).join("/"));
}

const NAMED_SEGMENTS = 2;

/** "Conv → CONV_2D"; once where two formats only write it in another way: "Add" and "ADD". */
export function operatorsText(row: ComparedRow): string {
  const bare = ({ op }: LayerProfile): string => op.replaceAll("_", "").toLowerCase();
  const isSame = row.before && row.after && bare(row.before) === bare(row.after);
  return isSame ? row.before.op : pairText(row, ({ op }) => op);
}

/** The shape of a row's output; that of the first model where the other differs only in where channels stand: NHWC after NCHW. */
export function shapesText(row: ComparedRow): string {
  const { before, after } = row;
  const isSame = before && after && isOneMap(sizesOf(before), sizesOf(after));
  return isSame ? shapeText(before) : pairText(row, shapeText);
}

function sizesOf({ outputs: [first] }: LayerProfile): readonly string[] {
  return (first?.shape ?? []).map(String);
}

/** Maps have two spatial axes at least: with fewer, sizes in another order may be a transposition. */
const LEAST_AXES_OF_MAP = 4;

function isOneMap(one: readonly string[], other: readonly string[]): boolean {
  const channelsLast = ([batch, channels, ...spatial]: readonly string[]): string =>
    [batch, ...spatial, channels].join("×");
  if (one.join("×") === other.join("×")) return true;
  if (one.length < LEAST_AXES_OF_MAP) return false;
  return channelsLast(one) === other.join("×") || channelsLast(other) === one.join("×");
}

export interface ComparedTensor {
  readonly role: "input" | "output";
  readonly position: number;
  readonly before: TensorProfile | undefined;
  readonly after: TensorProfile | undefined;
  /** In type and shape, for names are of each model; of a layer that stands alone nothing differs. */
  readonly isSame: boolean;
}

/** The tensors of both layers of a row, by their position. */
export function comparedTensors({ before, after }: ComparedRow): readonly ComparedTensor[] {
  return (["input", "output"] as const).flatMap((role) => {
    const [old, now] = [before, after].map((layer) => (role === "input" ? layer?.inputs : layer?.outputs) ?? []);
    const count = Math.max(old?.length ?? 0, now?.length ?? 0);
    return Array.from({ length: count }, (_, position): ComparedTensor => {
      const pair = { before: old?.[position], after: now?.[position] };
      const isSame = !before || !after || typeText(pair.before) === typeText(pair.after);
      return { role, position, ...pair, isSame };
    });
  });
}

/** Names are of each model: type and shape say whether a tensor is the same. */
export function typeText(tensor: TensorProfile | undefined): string | undefined {
  return tensor && `${tensor.dtype ?? ""} ${formatShape(tensor.shape)}`;
}

/** "+1.20 M", "−51.0 KB", "0": the sign says what became of it. */
export function formatDifference(unit: Unit, value: number | null): string {
  if (value === null) return UNKNOWN_TEXT;
  if (value === 0) return "0";
  return `${value < 0 ? "−" : "+"}${formatCell(unit, Math.abs(value))}`;
}

/** "−51.0 %"; nothing where there is no part to speak of. */
export function formatRelative(value: number | null): string {
  if (value === null) return "";
  if (value === 0) return "0 %";
  const share = formatShare(Math.abs(value));
  return share.startsWith("<") ? share : `${value < 0 ? "−" : "+"}${share}`;
}

export interface TotalDifference extends Difference {
  readonly total: Total;
}

/** The totals of both models, without those that neither has. */
export function comparedTotals({ totals }: Comparison): readonly TotalDifference[] {
  return TOTALS.flatMap((total) => {
    const pair = totals.find(({ id }) => id === total.id);
    if (!pair || (total.id === "unknownRows" && !pair.before && !pair.after)) return [];
    return [{ total, ...difference(pair.before, pair.after) }];
  });
}

export interface Order {
  readonly by: "position" | "name" | "op" | "shape" | "before" | "after" | "absolute" | "relative";
  readonly isDescending: boolean;
}

export interface Choice {
  readonly measure: string;
  /** Every word must occur in a name, operator or shape of the row. */
  readonly filter: string;
  readonly onlyDifferences: boolean;
  /** Constants and shape arithmetic too. */
  readonly showsFolded: boolean;
  readonly order: Order;
}

/** The rows to show, in their order; what is unknown or not there stands last. */
export function chosenLayers(layers: readonly ComparedLayer[], choice: Choice): readonly ComparedLayer[] {
  const { filter, onlyDifferences, showsFolded, order, measure } = choice;
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = layers.filter((layer) => {
    if (layer.isFolded && !showsFolded) return false;
    if (onlyDifferences && layer.change === "same") return false;
    if (words.length === 0) return true;
    const text = searchedText(layer);
    return words.every((word) => text.includes(word));
  });
  if (order.by === "position") return order.isDescending ? shown.toReversed() : shown;
  const key = (layer: ComparedLayer): string | number | undefined => sortKey(layer, order.by, measure);
  const direction = order.isDescending ? -1 : 1;
  return shown.toSorted((a, b) => compareKeys(key(a), key(b), direction) || a.position - b.position);
}

function sortKey(layer: ComparedLayer, by: Order["by"], measure: string): string | number | undefined {
  const value = layer.values.get(measure);
  switch (by) {
    case "position":
      return layer.position;
    case "name":
      return pairText(layer, ({ name }) => name);
    case "op":
      return pairText(layer, ({ op }) => op);
    case "shape":
      return pairText(layer, shapeText);
    case "before":
    case "after":
    case "absolute":
    case "relative":
      return value?.[by] ?? undefined;
  }
}

function compareKeys(a: string | number | undefined, b: string | number | undefined, direction: number): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const order =
    typeof a === "number" && typeof b === "number"
      ? a - b
      : String(a).localeCompare(String(b), undefined, { numeric: true });
  return direction * order;
}

function searchedText({ before, after }: ComparedLayer): string {
  const texts = [before, after].flatMap((layer) => (layer ? [layer.name, layer.op, layer.kind, shapeText(layer)] : []));
  return texts.join("\n").toLowerCase();
}
