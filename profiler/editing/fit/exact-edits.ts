import type { Model } from "../../model/model.ts";
import type { Totals } from "../../profile.ts";
import type { Restructuring } from "../../restructure/restructuring.ts";
import { EXACT_ERROR } from "../rounding.ts";
import type { Edit } from "../edit.ts";
import { inOrder, type FitError } from "./fit-point.ts";
import type { Goal } from "./goal.ts";
import { movesOn } from "./moves.ts";
import { possible, predictedTotals, type PredictionOptions } from "./possible.ts";
import type { Trials } from "./trials.ts";

export interface ExactModel {
  readonly model: Model;
  readonly edits: readonly Edit[];
  readonly totals: Totals;
  readonly error: FitError;
}

/**
 * Every exact edit that makes a model cheaper: they are free. One that is off by more than rounding would be our bug, and none is taken.
 * @param start what the model costs
 * @returns undefined where there is none
 */
export async function withExactEdits(
  base: Model,
  start: Totals,
  goal: Goal,
  trials: Trials,
  options: PredictionOptions & { readonly onEdit?: (edit: Edit) => void },
): Promise<ExactModel | undefined> {
  let [model, totals]: [Model, Totals] = [base, start];
  const edits: Edit[] = [];
  const isWanted = ({ guarantee, savesNothing }: Restructuring): boolean => guarantee === "exact" && !savesNothing;
  for (const { edit } of movesOn(base, isWanted, options.bindings)) {
    options.onEdit?.(edit);
    const made = await possible(async () => {
      const after = await predictedTotals(model, edit, trials, options);
      if (!after || !isCheaper(goal, totals, after)) return undefined;
      return { model: await trials.edited(model, edit, "all"), totals: after };
    });
    if (!made) continue;
    edits.push(edit);
    [model, totals] = [made.model, made.totals];
  }
  if (edits.length === 0) return undefined;
  const error = await trials.measured(model, "all");
  const largest = inOrder(error.maxRelative);
  if (largest > EXACT_ERROR && largest > (await trials.rounding(base))) return undefined;
  return { model, edits, totals, error };
}

function isCheaper(goal: Goal, before: Totals, after: Totals): boolean {
  const kinds = ["weightBytes", "energyPicojoules", "latencySeconds"] as const;
  return (
    goal.excessOf(after) <= goal.excessOf(before) &&
    kinds.every((total) => after[total] <= before[total]) &&
    kinds.some((total) => after[total] < before[total])
  );
}
