import type { Extent } from "../../numeric/directions.ts";
import type { OptionSpec, OptionsOf } from "../options.ts";

/** How far a layer is cut down: by number, by cost, or by what is kept. One of them; the number wins, then the energy. */
export const RANK_OPTIONS = [
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
      "The smallest rank that keeps this share of the outputs' variance on the calibration data, or of the weights' energy without any.",
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
] as const satisfies readonly OptionSpec[];

export type RankOptions = OptionsOf<typeof RANK_OPTIONS>;

/** What `fit` tries: shares of the layer's weights. */
export const RANK_STRENGTHS = { option: "cost", values: [0.75, 0.5, 0.25, 0.125], isShare: true } as const;

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
export function rankBySize({ rank, energy, cost }: RankOptions, scale: RankScale): number | undefined {
  if (rank !== undefined) return Math.min(rank, scale.full);
  if (energy !== undefined) return undefined;
  const affordable = Math.floor((cost * scale.weights) / scale.weightsPerRank);
  return Math.min(Math.max(affordable, 1), scale.full);
}

/** What to compute: the rank, or the share of the energy that it is to keep. */
export function extentOf(options: RankOptions, scale: RankScale): Extent {
  return rankBySize(options, scale) ?? { share: options.energy ?? 1 };
}
