import type { Totals } from "../../profile.ts";
import type { Edit } from "../edit.ts";

/** What a fit is for and what it finds. Plain data. */

/** Totals that a budget can bound. */
export const BUDGETED = ["parameters", "macs", "fileBytes", "peakMemoryBytes", "latencySeconds"] as const;

export type BudgetedTotal = (typeof BUDGETED)[number];

/** What a model may cost at most, and how right it must stay. What is left out is free. */
export type FitBudget = Readonly<Partial<Record<BudgetedTotal, number>>> & {
  /** Share of right answers below which the search does not go, 0 to 1; needs labelled samples. */
  readonly lowestAccuracy?: number;
  /** Largest download: see `FitPoint.downloadBytes`. What only predicts sizes cannot keep it. */
  readonly downloadBytes?: number;
  /** Largest difference of an output relative to its range; see `FitError.maxRelative`. */
  readonly largestError?: number;
  /** Decibels that the outputs' power must be above that of their error at least; see `FitError.error`. */
  readonly lowestSnr?: number;
};

/** How far a model's answers are from those of the model that the search started from; null: not finite, which is worse than all that is. */
export interface FitError {
  /**
   * Power of the difference of the outputs as part of their own, Σ(b − a)² / Σa², the mean over the outputs: 10^(−SNR/10). What the
   * search is after, since the errors of independent edits add up.
   */
  readonly error: number | null;
  /** Largest difference relative to the output's range. */
  readonly maxRelative: number | null;
  /** Share of the samples with the same answer; null where outputs are not one number a class. */
  readonly agreement: number | null;
  /** Share of right answers; null without labels. */
  readonly accuracy: number | null;
  /** The same as the margins between classes let expect it of other samples, never more than the original's; null without labels. */
  readonly expectedAccuracy: number | null;
}

/** An error, or what is too much of a model, in an order: what is not known to be finite is the worst. */
export function inOrder(value: number | null | undefined): number {
  return value ?? Infinity;
}

/** How right a model is on samples that nothing was fitted to and nothing was chosen by. */
export interface Verdict {
  readonly right: number;
  readonly samples: number;
  /** The share of right answers that this shows with a confidence of 95 %: the one-sided bound of Clopper and Pearson. */
  readonly least: number;
}

/** What can be said of an accuracy that was asked for. */
export interface AccuracyGuarantee extends Verdict {
  /** The verdict shows what was asked for. */
  readonly isShown: boolean;
  /** Samples that could show it, if every answer was right. */
  readonly samplesNeeded: number;
}

/** One model of the curve, as the edits that make it. */
export interface FitPoint extends FitError {
  /** Where an accuracy is to be kept. */
  readonly verdict: Verdict | null;
  readonly edits: readonly Edit[];
  readonly totals: Totals;
  /** Bytes of the file compressed as in an APK; null where that was not asked for. */
  readonly downloadBytes: number | null;
  readonly isWithinBudget: boolean;
  /** What is still too much, as part of what was too much at the start: 0 within the budget; null: not known; see `Goal`. */
  readonly excess: number | null;
}

export interface CurvePoint extends FitPoint {
  /** No other point costs no more in any budgeted total and is nearer to the original. */
  readonly isOnParetoFront: boolean;
}

export interface FitResult {
  /** In the order in which they were found, the model as it is first. */
  readonly points: readonly CurvePoint[];
  /**
   * Position of the point to take: within the budget the one with the least error (the smallest model where only an accuracy is
   * asked for), else the one that comes nearest.
   */
  readonly best: number;
  readonly isMet: boolean;
  readonly ending: "met" | "exhausted" | "cancelled";
  readonly samples: FitSamples;
  /** What the latencies were measured on, and by: "Google Pixel 8, 4 threads, TFLite 2.9.0 (CPU, XNNPACK)"; null: they are estimates. */
  readonly device: string | null;
  /** Of the point to take, where an accuracy was asked for. */
  readonly guarantee: AccuracyGuarantee | null;
  /** null where none was asked for. */
  readonly recovery: SearchRecovery | null;
  /** Of a compression. */
  readonly limits?: CompressionLimits;
}

/** How far a compression could go. */
export interface CompressionLimits {
  /** Bytes of the smallest file that was made or predicted, the model's own among them. */
  readonly leastFileBytes: number;
  /** Why ways to compress do not apply, where none does. */
  readonly reasons: readonly string[];
}

/** What came of training models that a search found. */
export interface SearchRecovery {
  /** Errors were measured on other samples than those by which training chose the weights to keep. */
  readonly isMeasuredApart: boolean;
  /** In the order in which they were trained. */
  readonly models: readonly RecoveredPoint[];
}

/** A model that was trained; its errors before and after are those of the two points, on the same samples. */
export interface RecoveredPoint {
  /** Position of the point that was trained. */
  readonly from: number;
  /** Position of the point with what it learned; null where its weights stay as they were. */
  readonly to: number | null;
  /** Why they do; null where they do not. */
  readonly why: string | null;
}

/** What the numbers of a fit were measured on. */
export interface FitSamples {
  /** Samples that weights were fitted to; 0 where only weights were looked at. */
  readonly fitted: number;
  /** Samples that errors were measured on: never those that weights were fitted to. */
  readonly measured: number;
  /** Samples for the verdict where an accuracy is to be kept: neither of those. */
  readonly judged: number;
  /** "digits.npy", "seeded random (seed 0)" */
  readonly description: string;
  /** Synthetic, for want of samples of the user's own: errors on them only tell edits apart roughly. */
  readonly isRandom: boolean;
  readonly hasLabels: boolean;
}
