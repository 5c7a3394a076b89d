import { inOrder, type FitError, type FitSamples } from "../fit/fit-point.ts";
import type { Edit } from "../edit.ts";

/** What each layer's weights bear: plain data. */

/** Ways to store a layer's weights, each with an amount that says how far it goes. */
export const TECHNIQUES = [
  { id: "quantize", title: "Quantize", restructuring: "quantize-weights", option: "bits", amounts: [8, 6, 4, 3, 2] },
  { id: "share", title: "Share", restructuring: "share-weights", option: "bits", amounts: [6, 5, 4, 3, 2] },
  {
    id: "prune",
    title: "Prune",
    restructuring: "prune-weights",
    option: "sparsity",
    amounts: [0.5, 0.8, 0.9, 0.95, 0.98],
  },
] as const;

export type TechniqueId = (typeof TECHNIQUES)[number]["id"];

/** The model with one layer stored in one way. */
export interface SensitivityPoint extends FitError {
  readonly technique: TechniqueId;
  /** Bits of a weight, or the share of the weights that goes. */
  readonly amount: number;
  readonly edit: Edit;
  /** Of the whole file; smaller than the model's by what the layer saves. */
  readonly fileBytes: number;
}

export interface LayerSensitivity {
  /** Its name. */
  readonly layer: string;
  /** Its weights. */
  readonly elements: number;
  /** From the mildest on, technique by technique. */
  readonly points: readonly SensitivityPoint[];
}

export interface Sensitivity {
  /** In the order they run. */
  readonly layers: readonly LayerSensitivity[];
  /** Of the model as it is. */
  readonly fileBytes: number;
  /** Share of right answers of the model as it is; null without labels. */
  readonly accuracy: number | null;
  readonly samples: FitSamples;
  /** What was found by then stays. */
  readonly isCancelled: boolean;
}

/** Decibels at which a network is the same one to its users. */
export const SAME_NETWORK_DECIBELS = 40;

/** The fewest bits, or most sparsity, at which the answers stay as they are with this layer alone changed; undefined where none does. */
export function furthestSafe(
  { points }: Pick<LayerSensitivity, "points">,
  technique: TechniqueId,
): SensitivityPoint | undefined {
  const safe = points.filter((point) => point.technique === technique && isSafe(point));
  return safe.reduce<SensitivityPoint | undefined>(
    (best, point) => (best && best.fileBytes <= point.fileBytes ? best : point),
    undefined,
  );
}

function isSafe({ error }: FitError): boolean {
  return inOrder(error) <= 10 ** (-SAME_NETWORK_DECIBELS / 10);
}
