import { isMeasured, type RunResult } from "../../../device/index.ts";
import type { LayerProfile } from "../../../profile.ts";

/**
 * What layers of a measured model really took, as multiples of their estimates. A model that an edit makes of it has most of these layers
 * still, and one that was slower than others of its kind stays so when it loses some channels.
 */
export interface RowAnchors {
  /** Of the layers by name; 0 for those that took no time of their own. */
  readonly factors: ReadonlyMap<string, number>;
  /** Of the whole model: what is new to it is held to that. */
  readonly common: number;
}

/** @param layers rows of the model that ran, as the latency that was learned estimates them */
export function rowAnchors(
  { latency, layers: times }: Pick<RunResult, "latency" | "layers">,
  layers: readonly LayerProfile[],
): RowAnchors {
  const seconds = latency.statistics.median;
  const estimated = estimateOf(layers);
  const common = estimated > 0 ? seconds / estimated : 1;
  if (!isMeasured(times)) return { factors: new Map(), common };
  const byIndex = new Map(layers.map((layer) => [layer.index, layer]));
  const factors = new Map(layers.map(({ name }) => [name, 0]));
  for (const row of times.rows) {
    const members = [row.layer, ...row.fused].flatMap((index) => byIndex.get(index) ?? []);
    const estimate = estimateOf(members);
    if (estimate > 0) for (const { name } of members) factors.set(name, row.seconds / estimate);
  }
  // Layers are clocked in runs of their own, which take longer, and what runs between them no row tells: it is spread over all.
  const told = anchored(layers, { factors, common });
  if (told <= 0) return { factors: new Map(), common };
  return { factors: new Map([...factors].map(([name, factor]) => [name, (factor * seconds) / told])), common };
}

/** Seconds of a model near the measured one. @param layers its rows, as the latency that was learned estimates them */
export function anchored(layers: readonly LayerProfile[], { factors, common }: RowAnchors): number {
  return counted(layers).reduce(
    (sum, { name, latencySeconds }) => sum + (latencySeconds ?? 0) * (factors.get(name) ?? common),
    0,
  );
}

function estimateOf(layers: readonly LayerProfile[]): number {
  return counted(layers).reduce((sum, { latencySeconds }) => sum + (latencySeconds ?? 0), 0);
}

function counted(layers: readonly LayerProfile[]): readonly LayerProfile[] {
  return layers.filter(({ isCounted }) => isCounted);
}
