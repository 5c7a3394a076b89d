import { EdgewiseError } from "../errors.ts";
import { inMemory } from "../run/activation-source.ts";
import type { CalibrationSpec } from "../run/calibration/spec.ts";
import { compareRuns, type RunComparison } from "../run/compare-runs.ts";
import type { Step } from "./apply.ts";
import { formatEdit } from "./edit.ts";

/** Largest error of an exact edit, relative to its output's range: what float32 rounding explains. */
export const EXACT_ERROR = 1e-5;

/** An edit that promises to change nothing changed something: a bug of ours, and nothing is written. */
export class InexactEditError extends EdgewiseError {
  readonly code = "inexact-edit";
}

export interface CheckOptions {
  readonly calibration: CalibrationSpec;
  readonly signal?: AbortSignal;
}

/**
 * Runs the model before and after an edit on the same samples and measures the difference at its outputs.
 * @throws {InexactEditError} when an exact edit is off by more than rounding
 */
export async function checkEdit(step: Step, { calibration, signal }: CheckOptions): Promise<RunComparison> {
  const [before, after] = [await inMemory(step.before), await inMemory(step.after)];
  const comparison = await compareRuns(before, after, { calibration, ...(signal && { signal }) });
  const worst = comparison.outputs.find(({ difference }) => (difference?.maxRelative ?? Infinity) > EXACT_ERROR);
  if (step.promise !== "exact" || !worst) return comparison;
  const error = worst.difference ? worst.difference.maxRelative.toPrecision(3) : (worst.reason ?? "not comparable");
  throw new InexactEditError(
    `${formatEdit(step.edit)} promises to change nothing, but output ${worst.names.b} is off by ${error} of its range`,
    { hint: "This is a bug of Edgewise: please report it with the model. Nothing was written." },
  );
}
