import { totalEnergy } from "./energy.ts";
import type { LayerCost } from "./layer-cost.ts";

/** What totals are sums of. */
const SUMMED = [
  "parameters",
  "macs",
  "otherOps",
  "weightBytes",
  "energyPicojoules",
  "latencySeconds",
  "unknownRows",
] as const;

/** Rows that count whose weights are not known. */
const COLUMNS = [...SUMMED, "unknownWeights"] as const;

export type CostSums = Readonly<Record<(typeof COLUMNS)[number], number>>;

/** What rows add to the totals, as plain numbers: sums over all rows of many edited models take no look at the rows. */
export class CostColumns {
  readonly #columns: Readonly<Record<(typeof COLUMNS)[number], Float64Array>>;

  constructor(costs: readonly LayerCost[]) {
    const parts = costs.map(partsOf);
    const column = (name: (typeof COLUMNS)[number]): Float64Array => Float64Array.from(parts, (part) => part[name]);
    this.#columns = Object.fromEntries(COLUMNS.map((name) => [name, column(name)])) as unknown as Readonly<
      Record<(typeof COLUMNS)[number], Float64Array>
    >;
  }

  /** One after the other, in the order of the rows, so that an edited model and one that is costed from nothing come to the same. */
  sum(parts: readonly { readonly from: number; readonly to: number; readonly came: readonly LayerCost[] }[]): CostSums {
    const came = parts.map((part) => part.came.map(partsOf));
    const sumOf = (name: (typeof COLUMNS)[number]): number => {
      const column = this.#columns[name];
      let sum = 0;
      parts.forEach(({ from, to }, place) => {
        for (let row = from; row < to; row += 1) sum += column[row] ?? 0;
        for (const part of came[place] ?? []) sum += part[name];
      });
      return sum;
    };
    return Object.fromEntries(COLUMNS.map((name) => [name, sumOf(name)])) as unknown as CostSums;
  }
}

function partsOf(cost: LayerCost): CostSums {
  const { layer, own, weights, energy, latencySeconds } = cost;
  if (!layer.isCounted) return NOTHING;
  return {
    parameters: weights.parameters ?? 0,
    macs: own.macs ?? 0,
    otherOps: own.otherOps ?? 0,
    weightBytes: weights.weightBytes ?? 0,
    energyPicojoules: energy ? totalEnergy(energy) : 0,
    latencySeconds: latencySeconds ?? 0,
    unknownRows: isUnknown(cost) ? 1 : 0,
    unknownWeights: weights.weightBytes === null ? 1 : 0,
  };
}

const NOTHING: CostSums = {
  parameters: 0,
  macs: 0,
  otherOps: 0,
  weightBytes: 0,
  energyPicojoules: 0,
  latencySeconds: 0,
  unknownRows: 0,
  unknownWeights: 0,
};

/** Whether something about a row is unknown, so that it misses from a total. */
function isUnknown({ own, weights, energy, latencySeconds }: LayerCost): boolean {
  if (weights.parameters === null || weights.weightBytes === null || own.activationBytes === null) return true;
  return own.macs === null || own.otherOps === null || energy === null || latencySeconds === null;
}
