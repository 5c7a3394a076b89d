import { totalOf } from "../../columns.ts";
import { OptionError } from "../../errors.ts";
import type { Totals } from "../../profile.ts";
import { fewestTrials } from "../../numeric/proportion-bound.ts";
import {
  BUDGETED,
  type BudgetedTotal,
  type AccuracyPromise,
  type FitBudget,
  type FitError,
  type Verdict,
} from "./fit-point.ts";

/** What stands for the cost of a model when only an accuracy is asked for: what suggestions are ranked by. */
const COSTS = ["weightBytes", "energyPicojoules", "latencySeconds"] as const;

/** Of a promise to be wrong: the usual one in twenty. */
export const RISK = 0.05;

/** A budget, seen from the model that the search starts from. */
export class Goal {
  readonly #bounds: readonly { readonly total: BudgetedTotal; readonly most: number }[];

  /** @throws {OptionError} for a budget that bounds nothing, or a total that is unknown */
  constructor(
    private readonly budget: FitBudget,
    private readonly start: Totals,
    private readonly startVerdict: Verdict | null = null,
  ) {
    this.#bounds = BUDGETED.flatMap((total) => {
      const most = budget[total];
      return most === undefined ? [] : [{ total, most }];
    });
    if (this.#bounds.length === 0 && budget.lowestAccuracy === undefined)
      throw new OptionError("nothing to fit to: give at least one limit");
    const unknown = this.#bounds.find(({ total }) => start[total] === null);
    if (unknown !== undefined)
      throw new OptionError(`${totalOf(unknown.total)?.title ?? unknown.total} of this model is unknown`, {
        hint: "Bind its dynamic dimensions.",
      });
  }

  /** Totals that are to become small. */
  get costs(): readonly (keyof Totals)[] {
    return this.#bounds.length === 0 ? COSTS : this.#bounds.map(({ total }) => total);
  }

  /** Whether there is a size at which to stop; otherwise the smaller, the better. */
  get isBounded(): boolean {
    return this.#bounds.length > 0;
  }

  /**
   * What is too much of a model: 1 for the start, 0 within all bounds; with several, the mean over those that the start exceeds. Without
   * bounds the model's cost as part of the start's.
   */
  excessOf(totals: Totals): number {
    if (!this.isBounded) return meanOf(COSTS.map((total) => totals[total] / (this.start[total] || 1)));
    const exceeded = this.#bounds.filter(({ total, most }) => (this.start[total] ?? 0) > most);
    const shares = this.#bounds.map(({ total, most }) => {
      const above = Math.max(0, (totals[total] ?? Infinity) - most);
      const before = (this.start[total] ?? 0) - most;
      // A bound that the start keeps must be kept.
      return above / (before > 0 ? before : Math.max(1, most));
    });
    return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, exceeded.length);
  }

  /** By the samples of the search: by its right answers, and by what their margins let expect of others. */
  isAccurate({ accuracy, expectedAccuracy }: Pick<FitError, "accuracy" | "expectedAccuracy">): boolean {
    const { lowestAccuracy } = this.budget;
    return lowestAccuracy === undefined || Math.min(accuracy ?? 0, expectedAccuracy ?? 0) >= lowestAccuracy;
  }

  /**
   * By the samples that only judge. Where they do not even show that accuracy of the model that the search started from, it must be exceeded
   * by its own standard error, or be met without a fault.
   */
  isConfirmed(verdict: Verdict | null): boolean {
    const { lowestAccuracy } = this.budget;
    if (lowestAccuracy === undefined || verdict === null) return true;
    if ((this.startVerdict?.least ?? 0) >= lowestAccuracy) return verdict.least >= lowestAccuracy;
    const standardError = Math.sqrt((lowestAccuracy * (1 - lowestAccuracy)) / verdict.samples);
    return verdict.right >= Math.floor(Math.min(1, lowestAccuracy + standardError) * verdict.samples);
  }

  /** null where no accuracy was asked for. */
  promiseOf(verdict: Verdict | null): AccuracyPromise | null {
    const { lowestAccuracy } = this.budget;
    if (lowestAccuracy === undefined || verdict === null) return null;
    const samplesNeeded = fewestTrials(lowestAccuracy, RISK);
    return { ...verdict, isShown: verdict.least >= lowestAccuracy, samplesNeeded };
  }

  isMet(totals: Totals, error: Pick<FitError, "accuracy" | "expectedAccuracy">, verdict: Verdict | null): boolean {
    return this.isAccurate(error) && this.isConfirmed(verdict) && (!this.isBounded || this.excessOf(totals) === 0);
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
