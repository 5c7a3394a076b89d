import type { Model } from "../../model/model.ts";
import type { Totals } from "../../profile.ts";
import { formatEdit, type Edit } from "../edit.ts";
import type { Guarantee } from "../../restructure/restructuring.ts";
import { withExactEdits } from "./exact-edits.ts";
import type { FitError, FitPoint, Verdict } from "./fit-point.ts";
import type { Goal } from "./goal.ts";
import { combined, rounded } from "./strengths.ts";
import { movesOn, type Move } from "./moves.ts";
import { Points } from "./points.ts";
import { possible, predictedTotals } from "./possible.ts";
import type { Trials } from "./trials.ts";

export interface SearchOptions {
  readonly bindings?: Readonly<Record<string, number>>;
  readonly allowsTraining?: boolean;
  readonly signal?: AbortSignal;
  /** Gets each point when it is found. */
  readonly onPoint?: (point: FitPoint) => void;
  /** @param done part of the way to the budget, 0 to 1 */
  readonly onProgress?: (done: number, what: string) => void;
}

/** A model on the way, and where it came from. */
interface State {
  readonly model: Model;
  readonly point: FitPoint;
  /** Its error on the samples of trials, which those of other trials are held against. */
  readonly trial: FitError;
  readonly before?: State;
}

/** A trial of a move: a state whose error is only known roughly. */
interface Tried {
  readonly move: Move;
  readonly from: State;
  readonly edit: Edit;
  readonly model: Model;
  readonly trial: FitError;
  readonly ratio: number;
}

/** Part of what is too much that a step should save: small steps err least, but each takes time and leaves an edit. */
const STEP = 1 / 24;
/** Steps become smaller when none is left, until they would not get there in a reasonable list of edits. */
const SMALLEST_STEP = 1 / 400;
/** What gets to the end is not too small for a last digit of a sum. */
const ROUNDING = 1 - 1e-9;
/** What is too much when the rest is tried in one go: at the start, on the way, and instead of a last small step. */
const PILOTS = [1, 0.5, STEP];
/** Thousandths of a width multiplier. */
const WIDTHS = 1000;

/**
 * Greedy search by measured error per saving. A move's ratio is only measured again when it stands first by what it was before: errors of
 * a network that has lost more are rarely smaller (lazy evaluation: Minoux, "Accelerated Greedy Algorithms", 1978; a stronger
 * edit of a place is taken to err at least as much for its saving as a milder one). Now and then one edit of the whole network does the rest at
 * once (the pilot method: Duin and Voß, Networks 34, 1999): a model within the budget early, and a bound beyond which the search need not go.
 */
export class Search {
  readonly #points: Points;
  /** Error per saving of each move when it was measured last; Infinity for those that are out. */
  readonly #ratios = new Map<string, number>();
  #step = STEP;
  #pilots = 0;

  constructor(
    private readonly trials: Trials,
    private readonly goal: Goal,
    private readonly options: SearchOptions,
  ) {
    this.#points = new Points(goal, options.onPoint);
  }

  get points(): Points {
    return this.#points;
  }

  /** Ends when the budget is met, nothing is left, or a reason is thrown. */
  async run(base: Model): Promise<void> {
    const error = this.trials.originalError;
    const verdict = await this.trials.judged(base);
    const point = this.#point([], this.trials.totalsOf(base), error, verdict);
    const start: State = { model: base, point, trial: error };
    this.#points.add(start.point, base);
    if (!this.goal.isAccurate(error)) return;
    let current: State | undefined = await this.#exact(start);
    while (current && !this.#isDone(current)) {
      await this.#pilot(current);
      if (this.#isDone(current)) return;
      current = await this.#next(current);
      if (current) this.#points.add(current.point, current.model);
    }
  }

  #isDone({ point }: State): boolean {
    // Models are judged from the largest down, and the first one that fails is the last one that is looked at: of many tried, some would pass
    // by chance (fixed sequence testing: Maurer, Hothorn, Lehmacher, 1995).
    if (!this.goal.isBounded) return !this.goal.isConfirmed(point.verdict);
    const bound = this.#bound();
    // So near, the rest was tried in one go.
    const isThere = point.excess <= STEP && Number.isFinite(bound);
    return point.isWithinBudget || point.error >= bound || (isThere && this.#pilots === PILOTS.length);
  }

  /** No point at this error or more can become the best. */
  #bound(): number {
    if (!this.goal.isBounded) return Infinity;
    return this.#points.all.reduce(
      (least, { isWithinBudget, error }) => (isWithinBudget ? Math.min(least, error) : least),
      Infinity,
    );
  }

  async #exact(start: State): Promise<State> {
    const { goal, trials, options } = this;
    const onEdit = (edit: Edit): void => this.#say(start, edit);
    const made = await withExactEdits(start.model, start.point.totals, goal, trials, { ...options, onEdit });
    if (!made) return start;
    const { model, edits, totals, error } = made;
    const point = this.#point(edits, totals, error, await trials.judged(model));
    this.#points.add(point, model);
    return { model, point, trial: error, before: start };
  }

  /** The move with the least error per saving, made in full. */
  async #next(current: State): Promise<State | undefined> {
    const guarantees: Guarantee[] = [
      "approximate",
      ...(this.options.allowsTraining ? (["needs training"] as const) : []),
    ];
    for (;;) {
      const moves = movesOn(current.model, guarantees, this.options.bindings);
      const best = await this.#cheapest(current, moves);
      const next = best && (await this.#inFull(best));
      if (next) return next;
      if (best) this.#ratios.set(best.move.key, Infinity);
      else if (this.#step < SMALLEST_STEP) return undefined;
      else this.#step /= 2;
    }
  }

  async #cheapest(current: State, moves: readonly Move[]): Promise<Tried | undefined> {
    const pending = new Set(moves);
    let best: Tried | undefined;
    for (;;) {
      const next = this.#likeliest(pending);
      if (!next || (best && best.ratio <= this.#estimate(next))) return best;
      pending.delete(next);
      const tried = await this.#tried(current, next);
      if (tried && (!best || tried.ratio < best.ratio)) best = tried;
    }
  }

  #likeliest(moves: ReadonlySet<Move>): Move | undefined {
    let [likeliest, least]: [Move | undefined, number] = [undefined, Infinity];
    for (const move of moves) {
      const ratio = this.#estimate(move);
      if (ratio < least) [likeliest, least] = [move, ratio];
    }
    return likeliest;
  }

  #estimate({ key, milder }: Move): number {
    const known = [key, ...milder].find((each) => this.#ratios.has(each));
    return (known === undefined ? undefined : this.#ratios.get(known)) ?? 0;
  }

  /** undefined when it saves too little for now, or is out. */
  async #tried(current: State, move: Move): Promise<Tried | undefined> {
    const { from, edit } = continued(current, move.edit);
    this.#say(current, edit);
    const needed = Math.min(this.#step, current.point.excess);
    const gain = await possible(async () => {
      const totals = await this.#predicted(from.model, edit);
      return totals && current.point.excess - this.goal.excessOf(totals);
    });
    if (gain !== undefined && gain < needed * ROUNDING) return undefined;
    const made = await possible(async () => {
      if (gain === undefined) return undefined;
      const model = await this.trials.edited(from.model, edit, "trial");
      return { model, gain, trial: await this.trials.measured(model, "trial") };
    });
    const isOut =
      made === undefined || !this.goal.isAccurate(made.trial) || made.trial.error >= this.#boundOfTrials(current);
    const ratio = isOut ? Infinity : Math.max(0, made.trial.error - current.trial.error) / made.gain;
    this.#ratios.set(move.key, ratio);
    return isOut || !Number.isFinite(ratio) ? undefined : { move, from, edit, ratio, ...made };
  }

  /** Errors on fewer samples cannot be held against those on all. */
  #boundOfTrials(current: State): number {
    return this.trials.areFull ? this.#bound() : Math.max(this.#bound(), current.trial.error) * 2;
  }

  /** With all samples; undefined when that shows that it is not accurate enough. */
  async #inFull({ from, edit, model: rough, trial: roughly }: Tried): Promise<State | undefined> {
    const { areFull } = this.trials;
    const model = areFull ? rough : await this.trials.edited(from.model, edit, "all");
    const error = areFull ? roughly : await this.trials.measured(model, "all");
    if (!this.goal.isAccurate(error)) return undefined;
    const verdict = await this.trials.judged(model);
    const point = this.#point([...from.point.edits, edit], this.trials.totalsOf(model, from.model), error, verdict);
    return { model, point, trial: areFull ? error : await this.trials.measured(model, "trial"), before: from };
  }

  /** The rest of the way by one width multiplier of the whole network. */
  async #pilot(current: State): Promise<void> {
    const due = PILOTS[this.#pilots];
    if (!this.goal.isBounded || due === undefined || current.point.excess > due) return;
    this.#pilots = PILOTS.findIndex((excess) => excess < current.point.excess);
    if (this.#pilots < 0) this.#pilots = PILOTS.length;
    const whole: Edit = { restructuring: "reduce-channels", target: "", options: { ratio: 1 } };
    const { from } = continued(current, whole);
    const found = await possible(async () => {
      const edit = await this.#widest(from, whole);
      if (edit === undefined) return undefined;
      this.#say(current, edit);
      const model = await this.trials.edited(from.model, edit, "all");
      return { edit, model, error: await this.trials.measured(model, "all") };
    });
    if (!found) return;
    const { edit, model, error } = found;
    const verdict = await this.trials.judged(model);
    this.#points.add(
      this.#point([...from.point.edits, edit], this.trials.totalsOf(model, from.model), error, verdict),
      model,
    );
  }

  /** The largest multiplier within the budget, by bisection over sizes. */
  async #widest(from: State, whole: Edit): Promise<Edit | undefined> {
    const at = (width: number): Edit => ({ ...whole, options: { ...whole.options, ratio: rounded(width / WIDTHS) } });
    const fits = async (width: number): Promise<boolean> => {
      const totals = await this.#predicted(from.model, at(width));
      return totals !== undefined && this.goal.excessOf(totals) === 0;
    };
    let [low, high] = [0, WIDTHS];
    if (!(await fits(low))) return undefined;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (await fits(middle)) low = middle;
      else high = middle;
    }
    return at(low);
  }

  #predicted(model: Model, edit: Edit): Promise<Totals | undefined> {
    return predictedTotals(model, edit, this.trials, this.options);
  }

  #point(edits: readonly Edit[], totals: Totals, error: FitError, verdict: Verdict | null): FitPoint {
    return this.goal.pointOf({ edits, totals, ...error, verdict, downloadBytes: null });
  }

  #say({ point }: State, edit: Edit): void {
    this.options.onProgress?.(Math.min(1, Math.max(0, 1 - point.excess)), formatEdit(edit));
  }
}

/** An edit that goes on with the last one is one edit with it, of the model before: weights are fitted once, to what they were. */
function continued(current: State, edit: Edit): { readonly from: State; readonly edit: Edit } {
  const last = current.point.edits.at(-1);
  const isSame = last?.restructuring === edit.restructuring && last.target === edit.target;
  const options = isSame && current.before ? combined(edit.restructuring, last.options, edit.options) : undefined;
  return options && current.before ? { from: current.before, edit: { ...edit, options } } : { from: current, edit };
}
