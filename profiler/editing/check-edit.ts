import { EdgewiseError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import type { CalibrationSpec } from "../calibration/spec.ts";
import { compareRuns, type RunComparison, type TensorPair } from "../runtime/compare-runs.ts";
import type { OpenSession } from "../runtime/session-pool.ts";
import type { Step } from "./apply.ts";
import { compareAtOtherSizes } from "./check-sizes.ts";
import { formatEdit } from "./edit.ts";
import { EXACT_ERROR, roundingOf } from "./rounding.ts";

/** An exact edit changed something: a bug of ours, and nothing is written. */
export class InexactEditError extends EdgewiseError {
  readonly code = "inexact-edit";
}

/** An edit of the whole network changes most tensors; the first of them tell what it does, and the outputs what comes of it. */
const MOST_TENSORS = 8;

export interface CheckOptions {
  readonly calibration: CalibrationSpec;
  readonly signal?: AbortSignal;
  /** Where sessions come from. */
  readonly open?: OpenSession;
}

/**
 * Runs the model before and after an edit on the same samples and measures the difference at its outputs and at what the changed
 * layers make; where sizes of the input are open, at a second size as well.
 * @throws {SizeBoundEditError} when the edit fits one size alone
 * @throws {InexactEditError} when an exact edit is off by more than rounding
 */
export async function checkEdit(step: Step, options: CheckOptions): Promise<RunComparison> {
  const comparison = await compareRuns(step.before, step.after, { ...options, tensors: capturable(step) });
  const elsewhere = await compareAtOtherSizes(step, comparison, options);
  if (step.guarantee === "exact") {
    await requireExact(step, comparison, options);
    if (elsewhere) await requireExact(step, elsewhere, options);
  }
  return comparison;
}

/** @throws {InexactEditError} */
async function requireExact(step: Step, { outputs }: RunComparison, options: CheckOptions): Promise<void> {
  const errorOf = ({ difference }: RunComparison["outputs"][number]): number => difference?.maxRelative ?? Infinity;
  const [worst] = outputs.toSorted((a, b) => errorOf(b) - errorOf(a));
  if (worst === undefined || errorOf(worst) <= EXACT_ERROR) return;
  const rounding = await roundingOf(step.before, step.changed, options);
  if (errorOf(worst) <= rounding) return;
  const error = worst.difference?.maxRelative?.toPrecision(3) ?? worst.reason ?? "no finite number";
  throw new InexactEditError(
    `${formatEdit(step.edit)} is exact by its kind, but output ${worst.names.b} is off by ${error} of its range, and rounding explains ${rounding.toPrecision(3)}`,
    { hint: "This is a bug of Edgewise: please report it with the model. Nothing was written." },
  );
}

/** Tensors that both models can give out of a run: TFLite leaves some without a name, or gives several the same. */
function capturable({ kept, before, after }: Step): readonly TensorPair[] {
  const [inBefore, inAfter] = [tensorNames(before), tensorNames(after)];
  return kept
    .filter((pair) => inBefore.get(pair.before) === 1 && inAfter.get(pair.after) === 1)
    .slice(0, MOST_TENSORS)
    .map((pair) => ({ a: pair.before, b: pair.after }));
}

/** How many tensors of the main graph have a name. */
function tensorNames({ entries }: Model): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { name } of entries[0].graph.tensors) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts.set("", 0);
}
