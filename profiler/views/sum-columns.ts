import { ownEntry } from "../own-entry.ts";
import type { Column } from "../columns.ts";
import { totalEnergy } from "../cost/energy.ts";
import type { Totals } from "../profile.ts";
import type { Sums } from "./module-tree.ts";

/** A column's value for the layers of a module, or of a selection, together. */
const SUMS: Readonly<Record<string, (sums: Sums, totals: Totals) => number | undefined>> = {
  parameters: ({ parameters }) => parameters,
  macs: ({ macs }) => macs,
  macsShare: ({ macs }, totals) => share(macs, totals.macs),
  otherOps: ({ otherOps }) => otherOps,
  weightBytes: ({ weightBytes }) => weightBytes,
  energy: ({ energy }) => totalEnergy(energy),
  energyShare: ({ energy }, totals) => share(totalEnergy(energy), totals.energyPicojoules),
  energyArithmetic: ({ energy }) => energy.arithmetic,
  energyWeights: ({ energy }) => energy.weights,
  energyActivations: ({ energy }) => energy.activations,
  latency: ({ latencySeconds }) => latencySeconds,
  measured: ({ measuredSeconds }) => measuredSeconds,
  measuredShare: ({ measuredShare }) => measuredShare,
  download: ({ downloadBytes }) => downloadBytes ?? undefined,
  latencyShare: ({ latencySeconds }, totals) => share(latencySeconds, totals.latencySeconds),
};

/** undefined for columns that do not add up: texts, activations (see peak memory), repeats. */
export function sumValue({ id }: Pick<Column, "id">, sums: Sums, totals: Totals): number | undefined {
  return ownEntry(SUMS, id)?.(sums, totals);
}

/** Whether the values of several layers add up to one of them together. */
export function addsUp({ id }: Pick<Column, "id">): boolean {
  return ownEntry(SUMS, id) !== undefined;
}

function share(value: number, total: number): number {
  return total > 0 ? value / total : 0;
}
