import type { Cell, Column } from "../columns.ts";
import type { LayerProfile, Totals } from "../profile.ts";

/** One mark of a chart along the network. */
export interface SeriesPoint {
  /** The layer whose value is shown: of several behind one mark, the most expensive. */
  readonly layer: LayerProfile;
  /** null is unknown. */
  readonly value: number | null;
  /** Layers behind the mark, the shown one among them. */
  readonly layers: number;
}

/** Layers that a run computes, in the order of the file: what a chart along the network shows. */
export function chartedLayers(layers: readonly LayerProfile[]): readonly LayerProfile[] {
  return layers.filter(({ isCounted, role }) => isCounted && role === "compute");
}

/**
 * A column along the network in at most `marks` marks. Where layers outnumber them, neighbours share a mark that shows the largest of
 * their values, so that no peak is lost.
 */
export function costSeries(
  layers: readonly LayerProfile[],
  column: Column,
  totals: Totals,
  marks: number,
): readonly SeriesPoint[] {
  const perMark = Math.max(1, Math.ceil(layers.length / marks));
  return buckets(layers, perMark).flatMap((bucket) => {
    const [first, ...others] = bucket.map((layer) => ({ layer, value: numberOf(column.value(layer, totals)) }));
    if (!first) return [];
    const mostExpensive = others.reduce((best, next) => ((next.value ?? -1) > (best.value ?? -1) ? next : best), first);
    return [{ ...mostExpensive, layers: bucket.length }];
  });
}

/** Position of the mark that stands for a layer; -1 when none does. */
export function markOf(layers: readonly LayerProfile[], marks: number, index: number | null): number {
  const position = layers.findIndex((layer) => layer.index === index);
  return position < 0 ? -1 : Math.floor(position / Math.max(1, Math.ceil(layers.length / marks)));
}

export function numberOf(cell: Cell): number | null {
  return typeof cell === "number" ? cell : null;
}

function buckets<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
