import type { Model } from "../../model/model.ts";
import { formatEdit, type Edit } from "../edit.ts";
import type { FitPoint, RecoveredPoint, SearchRecovery } from "./fit-point.ts";
import type { Goal } from "./goal.ts";
import type { Points } from "./points.ts";
import { isOfItsPlace } from "./possible.ts";
import { madeAgain } from "./progress.ts";
import type { SearchOptions } from "./search.ts";
import type { TrialOptions, Trials } from "./trials.ts";

type RecoveryOptions = Pick<TrialOptions, "recovery" | "seed" | "signal"> & Pick<SearchOptions, "onProgress">;

/** Models that err too much and are small enough: how many of them are trained, those that err least first. */
const MOST_BEYOND = 2;

/**
 * Trains what a search found, at its end: where errors are what it stops at, models beyond that are small enough, and the model to take. Each is one more
 * point, with a recovery as its last edit, if it errs less than before and says the original's answer no less often; else nothing changes.
 */
export class Recoveries {
  readonly #models: RecoveredPoint[] = [];
  readonly #learned = new Map<string, Uint8Array>();

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
    return new Map([...this.#learned].filter(([hash]) => hashes.has(hash)));
  }

  /** Aborting ends a training early and keeps what is best by then. @throws the signal's reason, then */
  async run(base: Model): Promise<void> {
    if (this.options.recovery === undefined) return;
    for (const from of this.#beyond()) {
      const made = await madeAgain(base, this.points.all[from]?.edits ?? [], (model, edit) =>
        this.trials.edited(model, edit, "all"),
      );
      await this.#train(from, made.model);
    }
    const { best, model } = this.points;
    const isRecovered = this.#models.some(({ to }) => to === best);
    const point = this.points.all[best];
    if (model && point?.isWithinBudget === true && point.edits.length > 0 && !isRecovered)
      await this.#train(best, model);
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
      goal.isBounded ? excess === 0 : best?.isWithinBudget !== true || excess < best.excess;
    return [...points.all.entries()]
      .filter(([, point]) => point.edits.length > 0 && isSmallEnough(point) && !goal.isAccurate(point))
      .toSorted(([, one], [, other]) => one.error - other.error)
      .slice(0, MOST_BEYOND)
      .map(([position]) => position);
  }

  async #train(from: number, model: Model): Promise<void> {
    const before = this.points.all[from];
    if (before === undefined) return;
    try {
      const why = await this.#recovered(from, before, model);
      const to = why === null ? this.points.all.length - 1 : null;
      this.#models.push({ from, to, why });
    } catch (error) {
      if (!isOfItsPlace(error)) throw error;
      this.#models.push({ from, to: null, why: error.message });
    }
    this.options.signal?.throwIfAborted();
  }

  /** @returns why the weights stay as they were; null where they do not */
  async #recovered(from: number, before: FitPoint, model: Model): Promise<string | null> {
    const { recovery, seed, onProgress } = this.options;
    const options = {
      ...(recovery?.steps !== undefined && { steps: recovery.steps }),
      ...(seed !== undefined && { seed }),
    };
    const recover: Edit = { restructuring: "recover", target: "", options };
    const name = `${formatEdit(recover)} of model ${from + 1}`;
    const trained = await this.trials.recovered(model, recover, (done, what) => onProgress?.(done, `${name}: ${what}`));
    // What was trained until it was stopped is measured all the same.
    const error = await this.trials.measured(trained.model, "all", {});
    if (!(error.error < before.error)) return "on the samples that errors are measured on it errs no less";
    if ((error.agreement ?? 1) < (before.agreement ?? 0))
      return "on the samples that errors are measured on it says the original's class less often";
    // Layers and shapes are as before, and so is a latency that was measured.
    const { latencySeconds } = before.totals;
    const totals = { ...this.trials.totalsOf(trained.model, model), latencySeconds };
    const downloadBytes = before.downloadBytes === null ? null : await this.trials.downloadOf(trained.model, {});
    const verdict = await this.trials.judged(trained.model, {});
    this.#learned.set(trained.learned.hash, trained.learned.bytes);
    const edits = [...before.edits, trained.edit];
    this.points.add(this.goal.pointOf({ edits, totals, ...error, verdict, downloadBytes }), trained.model, from);
    return null;
  }
}
