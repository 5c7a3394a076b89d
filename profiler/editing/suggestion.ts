import { formatShare } from "../format-numbers.ts";
import type { HardwareProfile } from "../hardware/hardware-profile.ts";
import type { Totals } from "../profile.ts";
import type { Edit } from "./edit.ts";
import { inOrder, type FitError } from "./fit/fit-point.ts";
import type { Guarantee } from "../restructure/restructuring.ts";

/** An edit that could be made, with what it would save. Plain data. */
export interface Suggestion {
  readonly edit: Edit;
  readonly title: string;
  /** "fully connected, 128×4096 weights" */
  readonly why: string;
  /** Dynamic dimensions that the edit declares as numbers in the file, since it cannot be done while the run decides on them. */
  readonly fixes: Readonly<Record<string, number>>;
  readonly guarantee: Guarantee;
  /** Its weights are fitted to calibration samples: to be applied with some. */
  readonly wantsSamples: boolean;
  /** Names of the layers that it changes or takes out. */
  readonly layers: readonly string[];
  /** Totals of the model after the edit alone. */
  readonly after: Totals;
  /** Part of each total that it saves; negative where it costs. null where a total is unknown. */
  readonly saves: Readonly<Record<SavedTotal, number | null>>;
  /** What it does to the answers, alone and on samples; null where that was not measured. See `measureSuggestions`. */
  readonly measured: FitError | null;
  /** See `suggest`. */
  readonly score: number;
  /**
   * Positions in the list of suggestions that touch a layer which this one touches: only one of them can be applied as it stands, exact ones apart
   * (see `inAnyOrder`).
   */
  readonly conflicts: readonly number[];
}

export const SAVED_TOTALS = [
  "parameters",
  "macs",
  "weightBytes",
  "peakMemoryBytes",
  "energyPicojoules",
  "latencySeconds",
] as const;

export type SavedTotal = (typeof SAVED_TOTALS)[number];

/** MACs saved that are worth a word about the time. */
const MACS_WORTH_A_WORD = 0.01;
/** Of the part of the MACs that is saved, the part of the time that must be saved with it. */
const TIME_WITH_THEM = 0.1;

/**
 * Whether an edit cuts MACs but next to no time, on the hardware that the estimates are of: where that was learned from a phone's own
 * runs, on that phone.
 */
export function savesNoTime({ saves: { macs, latencySeconds } }: Pick<Suggestion, "saves">): boolean {
  if (macs === null || latencySeconds === null || macs < MACS_WORTH_A_WORD) return false;
  return latencySeconds < TIME_WITH_THEM * macs;
}

/** Whether the model is predicted to take longer with it. Edits that store less are offered all the same where they save more (`whyWorthless`). */
export function isSlower({ saves: { latencySeconds } }: Pick<Suggestion, "saves">): boolean {
  return latencySeconds !== null && latencySeconds < -ROUNDING;
}

/**
 * What fits into the on-chip memory after an edit and did not before. The energy of a model has a step there: a word costs 5 pJ and no
 * longer 640, however little the edit saved.
 */
export function movedOnChip(
  before: Totals,
  after: Totals,
  { onChipBytes }: Pick<HardwareProfile, "onChipBytes">,
): readonly ("weights" | "activations")[] {
  const crosses = (old: number | null, now: number | null): boolean =>
    old !== null && now !== null && old > onChipBytes && now <= onChipBytes;
  return [
    ...(crosses(before.weightBytes, after.weightBytes) ? (["weights"] as const) : []),
    ...(crosses(before.peakMemoryBytes, after.peakMemoryBytes) ? (["activations"] as const) : []),
  ];
}

/** What suggestions are ranked by: the mean of what is saved of these. */
const RANKED_TOTALS = ["weightBytes", "energyPicojoules", "latencySeconds"] as const satisfies readonly SavedTotal[];

/** What a saving is worth before its error is measured: approximations may cost accuracy, and training costs days. */
const CONFIDENCE: Readonly<Record<Guarantee, number>> = { exact: 1, approximate: 0.5, "needs training": 0.2 };

type Saving = Pick<Suggestion, "saves" | "guarantee"> & Partial<Pick<Suggestion, "measured">>;

/** See `suggest`. */
export function scoreOf(one: Saving): number {
  return worthOf(one) * meanSaving(one);
}

function meanSaving({ saves }: Pick<Suggestion, "saves">): number {
  return RANKED_TOTALS.reduce((all, total) => all + (saves[total] ?? 0), 0) / RANKED_TOTALS.length;
}

/** Of a measured edit, what is right of the answers: 1 less the error's root mean square relative to theirs (0.9 at 20 dB). */
function worthOf({ guarantee, measured }: Saving): number {
  return measured ? Math.max(0, 1 - Math.sqrt(inOrder(measured.error))) : CONFIDENCE[guarantee];
}

/** Mean saving for which answers may change; smaller ones are lost in what other edits save. */
const LEAST_SAVING = 0.005;
/** Of the peak memory, which is not in the mean: what decides whether a model fits at all. */
const LEAST_MEMORY_SAVING = 0.05;

/**
 * Why nobody should make an edit; undefined where somebody could want it.
 * @param keepsMacs it is made to store less, not to compute less: time is a price that it may have, as long as it saves more on average
 */
export function whyWorthless({
  saves,
  guarantee,
  keepsMacs,
}: Pick<Suggestion, "saves" | "guarantee"> & { readonly keepsMacs?: boolean | undefined }): string | undefined {
  const score = meanSaving({ saves });
  const price = -(saves.latencySeconds ?? 0);
  if (price > ROUNDING + (keepsMacs ? Math.max(0, score) : 0))
    return "it is predicted to be slower than the model as it is";
  if (score < -ROUNDING) return "it costs more than it saves";
  if (guarantee === "exact" || (saves.peakMemoryBytes ?? 0) >= LEAST_MEMORY_SAVING) return undefined;
  if (score < LEAST_SAVING)
    return `it saves less than ${formatShare(LEAST_SAVING)} of the weights' bytes, energy and latency on average`;
  return undefined;
}

/** Of sums of many layers. */
const ROUNDING = 1e-9;

const NAMES: Readonly<Record<(typeof RANKED_TOTALS)[number], string>> = {
  weightBytes: "the weights' bytes",
  energyPicojoules: "the energy",
  latencySeconds: "the latency",
};

/** Why a suggestion stands where it does: "It saves 41.0 % of the weights' bytes, … on average 19.3 %, of which half counts: …". */
export function explainScore(one: Saving & Pick<Suggestion, "wantsSamples">): string {
  const { saves, guarantee, wantsSamples, measured } = one;
  const parts = RANKED_TOTALS.map((total) => `${partSaved(saves[total])} of ${NAMES[total]}`);
  const weighing = measured
    ? `of which ${formatShare(worthOf(one))} counts: its answers are off by ${formatShare(Math.sqrt(inOrder(measured.error)))} of theirs (root mean square), measured`
    : WEIGHING[guarantee];
  const noTime = savesNoTime({ saves }) ? NO_TIME_SAVED : isSlower({ saves }) ? SLOWER : "";
  const samples = wantsSamples && !measured ? ` ${WITHOUT_SAMPLES}` : "";
  return `It saves ${parts.join(", ")}: ${signedShare(meanSaving(one))} on average, ${weighing}.${noTime}${samples}`;
}

/** Said before an edit whose weights samples decide, and after it was made without. */
export const WITHOUT_SAMPLES =
  "Its weights are fitted to calibration data: without it, no layer is fitted to what is left, and the model may lose most of its accuracy.";

const NO_TIME_SAVED = " It cuts MACs, but saves no time on this hardware.";

const SLOWER = " It is predicted to be slower on this hardware than the model as it is.";

const WEIGHING: Readonly<Record<Guarantee, string>> = {
  exact: "which counts in full since nothing else changes",
  approximate: "of which half counts until its error is measured",
  "needs training": "of which a fifth counts since it needs training",
};

function partSaved(share: number | null): string {
  return share === null ? "an unknown part" : signedShare(share);
}

function signedShare(share: number): string {
  return `${share < 0 ? "−" : ""}${formatShare(Math.abs(share))}`;
}
