import { CalibrationError, OptionError } from "../../errors.ts";
import type { Model } from "../../model/model.ts";
import type { FitBudget, FitResult, FitSamples } from "./fit-point.ts";
import { withParetoFront } from "./pareto-front.ts";
import { Goal } from "./goal.ts";
import type { Points } from "./points.ts";
import { Search, type SearchOptions } from "./search.ts";
import { Trials, type TrialOptions } from "./trials.ts";

export interface FitOptions extends TrialOptions, SearchOptions {
  readonly budget: FitBudget;
}

export interface Fitted {
  readonly result: FitResult;
  /** Of the point to take, as it was measured. */
  readonly model: Model;
}

/**
 * Restructures a whole model until it keeps a budget: exact edits first, then those that err least for what they save, each measured
 * on samples that nothing was fitted to. Aborting ends the search and keeps what it found. The same model, samples and seed give the
 * same curve.
 * @throws {OptionError} for a budget without limits, or of totals that the model does not tell
 * @throws {CalibrationError} when samples do not fit, or an accuracy is asked for without labels
 * @throws the signal's reason when it aborts before the model itself is measured
 */
export async function fit(model: Model, options: FitOptions): Promise<Fitted> {
  const trials = await Trials.on(model, { ...options, judges: options.budget.lowestAccuracy !== undefined });
  try {
    return await search(model, trials, options);
  } finally {
    await trials.close();
  }
}

async function search(model: Model, trials: Trials, options: FitOptions): Promise<Fitted> {
  const { budget, signal } = options;
  if (budget.lowestAccuracy !== undefined && !trials.samples.hasLabels)
    throw new CalibrationError("an accuracy can only be kept on labelled samples");
  if (budget.downloadBytes !== undefined)
    throw new OptionError("restructurings are chosen by sizes that can be predicted, and a download cannot", {
      hint: "`edgewise compress` keeps one.",
    });
  const start = { totals: trials.totalsOf(model), downloadBytes: null };
  const goal = new Goal(budget, start, await trials.judged(model));
  const greedy = new Search(trials, goal, options);
  const isCancelled = await endedByAbort(() => greedy.run(model), signal);
  return fittedOf(model, greedy.points, goal, trials.samples, isCancelled);
}

/** Aborting ends a search and keeps what it found. */
export async function endedByAbort(run: () => Promise<void>, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await run();
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    return true;
  }
  return false;
}

/** What a search came to. @param model that it started from */
export function fittedOf(model: Model, found: Points, goal: Goal, samples: FitSamples, isCancelled: boolean): Fitted {
  const points = withParetoFront(found.all, goal.costs);
  const { best } = found;
  const isMet = points[best]?.isWithinBudget ?? false;
  const ending = isCancelled ? "cancelled" : isMet ? "met" : "exhausted";
  return {
    result: { points, best, isMet, ending, samples, promise: goal.promiseOf(points[best]?.verdict ?? null) },
    model: found.model ?? model,
  };
}
