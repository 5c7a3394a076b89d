import type { CalibrationSpec } from "../calibration/spec.ts";
import type { HardwareProfile } from "../hardware/hardware.ts";
import type { Model } from "../model/model.ts";
import type { FitError, FitSamples } from "./fit/fit-point.ts";
import { possible } from "./fit/possible.ts";
import { Trials } from "./fit/trials.ts";
import { isTraining } from "./held-out-edits.ts";
import type { Suggestion } from "./suggestion.ts";

export interface MeasureOptions {
  readonly calibration: CalibrationSpec;
  readonly bindings?: Readonly<Record<string, number>>;
  readonly hardware: HardwareProfile;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** @param done share of the edits that are measured, 0 to 1 */
  readonly onProgress?: (done: number) => void;
}

/** What was measured before suggestions were ranked. Plain data. */
export interface Measuring {
  readonly samples: FitSamples;
  /** Edits whose error was measured, and those that it could have been of. */
  readonly measured: number;
  readonly of: number;
}

type Unmeasured = Pick<Suggestion, "edit" | "guarantee" | "score">;

/**
 * Multiply-accumulates of the original model that all trials together may run: some minutes of a laptop. An edit is fitted, and run with as
 * many samples as `Trials` takes.
 */
const MEASURED_MACS = 1e12;
const FEWEST_EDITS = 4;
const MOST_EDITS = 32;

/**
 * Makes the most worthwhile of the edits that change answers, each alone, its weights fitted to some of the samples where it is fitted to any,
 * and measures on the others how far the answers are off. Those that train are left out.
 * @param macs of the model; null: unknown, and as few edits are measured as of the largest
 * @returns errors by the place in the list
 * @throws {CalibrationError} when the samples do not fit the model
 */
export async function measureSuggestions(
  model: Model,
  list: readonly Unmeasured[],
  macs: number | null,
  options: MeasureOptions,
): Promise<Measuring & { readonly errors: ReadonlyMap<number, FitError> }> {
  const { onProgress, signal } = options;
  const errors = new Map<number, FitError>();
  const trials = await Trials.on(model, options);
  try {
    const places = list
      .map((one, place) => ({ one, place }))
      .filter(({ one }) => one.guarantee !== "exact" && !isTraining(one.edit))
      .sort((a, b) => b.one.score - a.one.score);
    const { fitted, measured } = trials.samples;
    const most = affordable(macs, fitted + 2 * measured);
    for (const [index, { one, place }] of places.slice(0, most).entries()) {
      signal?.throwIfAborted();
      onProgress?.(index / Math.min(most, places.length));
      const error = await possible(async () => trials.measured(await trials.edited(model, one.edit, "trial"), "trial"));
      if (error && error.error !== null) errors.set(place, error);
    }
    return { errors, samples: trials.samples, measured: errors.size, of: places.length };
  } finally {
    await trials.close();
  }
}

/** @param runs of the model that one trial comes to */
function affordable(macs: number | null, runs: number): number {
  if (macs === null) return FEWEST_EDITS;
  const most = Math.floor(MEASURED_MACS / Math.max(1, macs * runs));
  return Math.min(MOST_EDITS, Math.max(FEWEST_EDITS, most));
}
