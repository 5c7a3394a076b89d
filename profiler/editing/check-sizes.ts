import { bindInputs, dynamicNames, type Bindings } from "../bindings.ts";
import type { CalibrationSpec } from "../calibration/spec.ts";
import { EdgewiseError, RunError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { compareRuns, type RunComparison } from "../runtime/compare-runs.ts";
import type { OpenSession } from "../runtime/session-pool.ts";
import type { Step } from "./apply.ts";
import { formatEdit } from "./edit.ts";

/** An edit that fits one size of the input alone, though a run may decide on it: a bug of ours, and nothing is written. */
export class SizeBoundEditError extends EdgewiseError {
  readonly code = "size-bound-edit";
}

interface SizeCheckOptions {
  readonly calibration: CalibrationSpec;
  readonly signal?: AbortSignal;
  readonly open?: OpenSession;
}

/** Sizes to try a model at: the odd one first, which nothing divides by chance; then those that networks of strides ask for. */
const OTHER_SIZES: readonly ((size: number) => number)[] = [
  (size) => size + 1,
  (size) => 2 * size,
  (size) => size + 32,
  (size) => size + 8,
];

/** Another size of the batch than samples are given in. */
const OTHER_BATCH = 3;

/**
 * Runs the model before and after an edit at sizes other than those it was looked at: what a run may decide it may decide after the edit
 * as well.
 * @param usually what came of it at the sizes that it was looked at
 * @returns undefined where all sizes are fixed, or the model itself runs at no other
 * @throws {SizeBoundEditError} when the edited model does not run at them, or gives outputs of other shapes
 */
export async function compareAtOtherSizes(
  step: Step,
  usually: RunComparison,
  { calibration, signal, open }: SizeCheckOptions,
): Promise<RunComparison | undefined> {
  const names = openNames(step);
  if (names.length === 0) return undefined;
  const { seed, dimensions = {} } = calibration;
  const spec = { count: OTHER_BATCH, ...(seed !== undefined && { seed }) };
  const usual = new Map(
    bindInputs(step.before, known(step, dimensions)).dimensions.map(({ name, value }) => [name, value]),
  );
  for (const otherThan of OTHER_SIZES) {
    const changed = names.map((name) => [name, otherThan(usual.get(name) ?? 1)] as const);
    const options = {
      calibration: { ...spec, dimensions: { ...dimensions, ...Object.fromEntries(changed) } },
      ...(signal && { signal }),
      ...(open && { open }),
    };
    const comparison = await attempt(step.before, step.after, options);
    if (comparison instanceof RunError) {
      if ((await attempt(step.before, step.before, options)) instanceof RunError) continue;
      throw sizeBound(step, changed, comparison.message);
    }
    // An edit of the resolution changes shapes of outputs at every size.
    const misfit = comparison.outputs.find(
      ({ difference }, place) => difference === undefined && usually.outputs[place]?.difference !== undefined,
    );
    if (misfit) throw sizeBound(step, changed, misfit.reason ?? "its outputs are not comparable");
    return comparison;
  }
  return undefined;
}

function openNames({ before, after }: Step): readonly string[] {
  const names = dynamicNames(before);
  return dynamicNames(after).filter((name) => names.includes(name));
}

function known({ before }: Step, dimensions: Bindings): Bindings {
  const names = new Set(dynamicNames(before));
  return Object.fromEntries(Object.entries(dimensions).filter(([name]) => names.has(name)));
}

async function attempt(
  a: Model,
  b: Model,
  options: Parameters<typeof compareRuns>[2],
): Promise<RunComparison | RunError> {
  try {
    return await compareRuns(a, b, options);
  } catch (error) {
    if (error instanceof RunError) return error;
    throw error;
  }
}

function sizeBound(step: Step, sizes: readonly (readonly [string, number])[], reason: string): SizeBoundEditError {
  const at = sizes.map(([name, size]) => `${name} ${size}`).join(", ");
  return new SizeBoundEditError(`${formatEdit(step.edit)} does not fit the model at ${at}: ${reason}`, {
    hint: "This is a bug of Edgewise: please report it with the model. Nothing was written.",
  });
}
