import type { Model } from "../../model/model.ts";
import { formatEdit, type Edit } from "../edit.ts";
import { inOrder, type FitPoint, type RecoveredPoint, type SearchRecovery } from "./fit-point.ts";
import { LEAST_ERROR_TO_TRAIN } from "../../training/recover.ts";
import type { Goal } from "./goal.ts";
import type { Points } from "./points.ts";
import { isOfItsPlace } from "./possible.ts";
import { madeAgain } from "./progress.ts";
import type { SearchOptions } from "./search.ts";
import type { TrialOptions, Trials } from "./trials.ts";

type RecoveryOptions = Pick<TrialOptions, "recovery" | "seed" | "signal"> & Pick<SearchOptions, "onProgress">;

/** Models that err too much and are small enough: how many of them are trained, those that err least first. */
const MOST_BEYOND = 2;

/** A model of the curve that was trained, which is a point of its own. */
export interface Recovered {
  readonly model: Model;
  readonly edits: readonly Edit[];
  readonly point: FitPoint;
}

/**
 * Trains what a search found, at its end: where errors are what it stops at, models beyond that are small enough, and the model to take. Each is one more
 * point, with a recovery as its last edit, if it errs less than before and says the original's answer no less often; else nothing changes. Where that is asked for, models on the way are trained for a few steps as well, and the search goes on from those.
 */
export class Recoveries {
  readonly #models: RecoveredPoint[] = [];

  constructor(
    private readonly trials: Trials,
    private readonly goal: Goal,
    private readonly points: Points,
    private readonly options: RecoveryOptions,
  ) {}

  /** null where none was asked for. */
  get result(): SearchRecovery | null {
    if (this.options.recovery === undefined) return null;
    return { isMeasuredApart: this.trials.isMeasuredApart, models: this.#models };
  }

  /** What edits of a list learned here, by its hash. */
  learnedBy(edits: readonly Edit[]): ReadonlyMap<string, Uint8Array> {
    const hashes = new Set(edits.flatMap(({ learned }) => learned ?? []));
    return new Map([...this.trials.learned].filter(([hash]) => hashes.has(hash)));
  }

  /** Aborting ends a training early and keeps what is best by then. @throws the signal's reason, then */
  async run(base: Model): Promise<void> {
    if (this.options.recovery === undefined) return;
    const { steps } = this.options.recovery;
    for (const from of this.#beyond()) {
      const made = await madeAgain(base, this.points.all[from]?.edits ?? [], (model, edit) =>
        this.trials.edited(model, edit, "all"),
      );
      await this.#train(from, made.model, steps);
    }
    const { best, model } = this.points;
    const isRecovered = this.#models.some(({ to }) => to === best);
    const point = this.points.all[best];
    if (model && point?.isWithinBudget === true && point.edits.length > 0 && !isRecovered)
      await this.#train(best, model, steps);
  }

  /**
   * A model on the way, trained for a few steps; undefined where its weights stay as they are: it errs too little, keeps the budget already and
   * is trained at the end, or is not better for it.
   */
  async between(model: Model, point: FitPoint): Promise<Recovered | undefined> {
    const steps = this.options.recovery?.between;
    const isWorth =
      inOrder(point.error) > LEAST_ERROR_TO_TRAIN && !point.isWithinBudget && this.goal.isConfirmed(point.verdict);
    return steps !== undefined && isWorth ? this.#train(this.points.all.indexOf(point), model, steps) : undefined;
  }

  /**
   * Positions of points that only an error keeps from being taken. By the samples of the search alone: one that the judging samples refuse is not tried
   * again on them.
   */
  #beyond(): readonly number[] {
    const { goal, points } = this;
    const best = points.all[points.best];
    if (!goal.limitsErrors || (goal.isBounded && best?.isWithinBudget === true)) return [];
    const isSmallEnough = ({ excess }: FitPoint): boolean =>
      goal.isBounded ? excess === 0 : best?.isWithinBudget !== true || inOrder(excess) < inOrder(best.excess);
    return [...points.all.entries()]
      .filter(([, point]) => point.edits.length > 0 && isSmallEnough(point) && !goal.isAccurate(point))
      .toSorted(([, one], [, other]) => inOrder(one.error) - inOrder(other.error))
      .slice(0, MOST_BEYOND)
      .map(([position]) => position);
  }

  async #train(from: number, model: Model, steps?: number): Promise<Recovered | undefined> {
    const before = this.points.all[from];
    if (before === undefined) return undefined;
    let recovered: Recovered | string;
    try {
      recovered = await this.#recovered(from, before, model, steps);
    } catch (error) {
      if (!isOfItsPlace(error)) throw error;
      recovered = error.message;
    }
    if (typeof recovered === "string") this.#models.push({ from, to: null, why: recovered });
    else this.#models.push({ from, to: this.points.all.length - 1, why: null });
    this.options.signal?.throwIfAborted();
    return typeof recovered === "string" ? undefined : recovered;
  }

  /** @returns why the weights stay as they were, where they do */
  async #recovered(
    from: number,
    before: FitPoint,
    model: Model,
    steps: number | undefined,
  ): Promise<Recovered | string> {
    const { seed, onProgress } = this.options;
    const options = { ...(steps !== undefined && { steps }), ...(seed !== undefined && { seed }) };
    const recover: Edit = { restructuring: "recover", target: "", options };
    const name = `${formatEdit(recover)} of model ${from + 1}`;
    const trained = await this.trials.recovered(model, recover, (done, what) => onProgress?.(done, `${name}: ${what}`));
    // What was trained until it was stopped is measured all the same.
    const error = await this.trials.measured(trained.model, "all", {});
    if (inOrder(error.error) >= inOrder(before.error))
      return "on the samples that errors are measured on it errs no less";
    if ((error.agreement ?? 1) < (before.agreement ?? 0))
      return "on the samples that errors are measured on it says the original's class less often";
    // Layers and shapes are as before, and so is a latency that was measured.
    const { latencySeconds } = before.totals;
    const totals = { ...this.trials.totalsOf(trained.model, model), latencySeconds };
    const downloadBytes = before.downloadBytes === null ? null : await this.trials.downloadOf(trained.model, {});
    const verdict = await this.trials.judged(trained.model, {});
    const edits = [...before.edits, trained.edit];
    const point = this.goal.pointOf({ edits, totals, ...error, verdict, downloadBytes });
    this.points.add(point, trained.model, from);
    return { model: trained.model, edits, point };
  }
}
