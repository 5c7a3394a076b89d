import { totalOf } from "../../columns.ts";
import { OptionError } from "../../errors.ts";
import type { Totals } from "../../profile.ts";
import { fewestTrials } from "../../numeric/proportion-bound.ts";
import {
  BUDGETED,
  type BudgetedTotal,
  type AccuracyGuarantee,
  type FitBudget,
  type FitError,
  inOrder,
  type FitPoint,
  type Verdict,
} from "./fit-point.ts";
import type { Cost } from "./pareto-front.ts";

/** What stands for the cost of a model when only an accuracy is asked for: what suggestions are ranked by. */
const COSTS = ["weightBytes", "energyPicojoules", "latencySeconds"] as const;

/** What stays as it is where weights are stored in fewer bits. */
const OF_LAYERS: ReadonlySet<Bound["total"]> = new Set(["macs", "parameters"]);

/** What costs nothing at the start cannot become cheaper. */
const LEAST_COST = 1e-12;

/** Of a guarantee to be wrong: the usual one in twenty. */
export const RISK = 0.05;

/** What can be bounded: totals, and the download. */
type Sizes = Parameters<Cost>[0];

interface Bound {
  readonly total: BudgetedTotal | "downloadBytes";
  readonly title: string;
  readonly cost: Cost;
  readonly most: number;
}

/** A budget, seen from the model that the search starts from. */
export class Goal {
  readonly #bounds: readonly Bound[];

  /** @throws {OptionError} for a budget that bounds nothing, or a total that is unknown */
  constructor(
    private readonly budget: FitBudget,
    private readonly start: Sizes,
    private readonly startVerdict: Verdict | null = null,
    /** What is to become small when only an accuracy or an error is asked for. */
    private readonly freeCosts: readonly (keyof Totals)[] = COSTS,
  ) {
    this.#bounds = boundsOf(budget);
    if (this.#bounds.length === 0 && !this.limitsErrors)
      throw new OptionError("nothing to fit to: give at least one limit");
    const unknown = this.#bounds.find(({ cost }) => cost(start) === null);
    if (unknown !== undefined)
      throw new OptionError(`${unknown.title} of this model is unknown`, { hint: "Bind its dynamic dimensions." });
  }

  /** What is to become small. */
  get costs(): readonly Cost[] {
    if (this.#bounds.length > 0) return this.#bounds.map(({ cost }) => cost);
    return this.freeCosts.map(costOf);
  }

  /** Whether there is a size at which to stop; otherwise the smaller, the better. */
  get isBounded(): boolean {
    return this.#bounds.length > 0;
  }

  /** Whether there is an error, or a share of right answers, at which to stop. */
  get limitsErrors(): boolean {
    const { lowestAccuracy, lowestSnr, largestError } = this.budget;
    return (lowestAccuracy ?? lowestSnr ?? largestError) !== undefined;
  }

  /** Whether an edit that saves no MACs is of no use, whatever else it saves. */
  get isOfMacsAlone(): boolean {
    return this.isBounded && this.#bounds.every(({ total }) => total === "macs");
  }

  /**
   * Whether a model's layers themselves are too large, not only what the file stores: then edits that store less come last, since layers whose
   * weights are stored in fewer bits cannot be made smaller any more.
   */
  computesTooMuch(totals: Totals): boolean {
    if (!this.isBounded) return true;
    const sizes = { totals, downloadBytes: null };
    return this.#bounds.some(({ total, cost, most }) => OF_LAYERS.has(total) && inOrder(cost(sizes)) > most);
  }

  /**
   * What is too much of a model: 1 for the start, 0 within all bounds; with several, the mean over those that the start exceeds. Without
   * bounds the model's cost as part of the start's.
   */
  excessOf(totals: Totals, downloadBytes: number | null = null): number {
    const sizes = { totals, downloadBytes };
    const { start } = this;
    if (!this.isBounded)
      return meanOf(
        this.costs.map((cost) => (cost(sizes) ?? Infinity) / Math.max(LEAST_COST, cost(start) ?? LEAST_COST)),
      );
    const exceeded = this.#bounds.filter(({ cost, most }) => (cost(start) ?? 0) > most);
    const shares = this.#bounds.map(({ cost, most }) => {
      const above = Math.max(0, (cost(sizes) ?? Infinity) - most);
      const before = (cost(start) ?? 0) - most;
      // A bound that the start keeps must be kept.
      return above / (before > 0 ? before : Math.max(1, most));
    });
    return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, exceeded.length);
  }

  /** What was found, held against the budget. */
  pointOf(found: Omit<FitPoint, "isWithinBudget" | "excess">): FitPoint {
    const excess = this.excessOf(found.totals, found.downloadBytes);
    const isMet = this.isAccurate(found) && this.isConfirmed(found.verdict);
    return {
      ...found,
      isWithinBudget: isMet && (!this.isBounded || excess === 0),
      excess: Number.isFinite(excess) ? excess : null,
    };
  }

  /** By the samples of the search: by its error, its right answers, and by what their margins let expect of others. */
  isAccurate({ error, maxRelative, accuracy, expectedAccuracy }: FitError): boolean {
    const { lowestAccuracy, lowestSnr, largestError = Infinity } = this.budget;
    if (inOrder(maxRelative) > largestError) return false;
    if (lowestSnr !== undefined && inOrder(error) > 10 ** (-lowestSnr / 10)) return false;
    return lowestAccuracy === undefined || Math.min(accuracy ?? 0, expectedAccuracy ?? 0) >= lowestAccuracy;
  }

  /**
   * By the samples that only judge. Where they do not even show that accuracy of the model that the search started from, it must be exceeded
   * by its own standard error, or be met without a fault; with a size it is enough to have it, as the answers do not say then how far to go.
   */
  isConfirmed(verdict: Verdict | null): boolean {
    const { lowestAccuracy } = this.budget;
    if (lowestAccuracy === undefined || verdict === null) return true;
    if ((this.startVerdict?.least ?? 0) >= lowestAccuracy) return verdict.least >= lowestAccuracy;
    if (this.isBounded) return verdict.right >= lowestAccuracy * verdict.samples;
    const standardError = Math.sqrt((lowestAccuracy * (1 - lowestAccuracy)) / verdict.samples);
    return verdict.right >= Math.floor(Math.min(1, lowestAccuracy + standardError) * verdict.samples);
  }

  /** null where no accuracy was asked for. */
  guaranteeOf(verdict: Verdict | null): AccuracyGuarantee | null {
    const { lowestAccuracy } = this.budget;
    if (lowestAccuracy === undefined || verdict === null) return null;
    const samplesNeeded = fewestTrials(lowestAccuracy, RISK);
    return { ...verdict, isShown: verdict.least >= lowestAccuracy, samplesNeeded };
  }
}

function boundsOf(budget: FitBudget): readonly Bound[] {
  const totals = BUDGETED.flatMap((total): readonly Bound[] => {
    const most = budget[total];
    return most === undefined ? [] : [{ total, title: totalOf(total)?.title ?? total, cost: costOf(total), most }];
  });
  const { downloadBytes } = budget;
  if (downloadBytes === undefined) return totals;
  return [
    ...totals,
    { total: "downloadBytes", title: "Download", cost: (sizes) => sizes.downloadBytes, most: downloadBytes },
  ];
}

function costOf(total: keyof Totals): Cost {
  return ({ totals }) => totals[total];
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
