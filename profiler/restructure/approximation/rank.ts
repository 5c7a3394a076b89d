import type { Extent } from "../../numeric/directions.ts";
import type { EditOptions, OptionSpec } from "../options.ts";

/** How far a layer is cut down: by number, by cost, or by what is kept. One of them; the number wins, then the energy. */
export const RANK_OPTIONS: readonly OptionSpec[] = [
  {
    id: "rank",
    title: "Rank",
    description: "Channels or features between the two new layers. Without it the other options decide.",
    type: "integer",
    minimum: 1,
  },
  {
    id: "energy",
    title: "Energy kept",
    description:
      "The smallest rank that keeps this share of the outputs' variance on the calibration samples, or of the weights' energy without any.",
    type: "number",
    minimum: 0,
    maximum: 1,
  },
  {
    id: "cost",
    title: "Parameters kept",
    description: "The largest rank with which the new layers have at most this share of the layer's weights.",
    type: "number",
    default: 0.5,
    minimum: 0,
    maximum: 1,
  },
];

/** Sizes that a rank follows from. */
export interface RankScale {
  /** Largest rank that is of use. */
  readonly full: number;
  /** Weights of the layer. */
  readonly weights: number;
  /** Weights of the new layers for each unit of rank. */
  readonly weightsPerRank: number;
}

/** The rank that the options name; undefined when only the spectrum can tell (`energy`). */
export function rankBySize({ rank, energy, cost }: EditOptions, scale: RankScale): number | undefined {
  if (typeof rank === "number") return Math.min(rank, scale.full);
  if (typeof energy === "number") return undefined;
  const affordable = Math.floor((Number(cost) * scale.weights) / scale.weightsPerRank);
  return Math.min(Math.max(affordable, 1), scale.full);
}

/** What to compute: the rank, or the share of the energy that it is to keep. */
export function extentOf(options: EditOptions, scale: RankScale): Extent {
  return rankBySize(options, scale) ?? { share: Number(options.energy) };
}
