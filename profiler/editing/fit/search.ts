import type { Model } from "../../model/model.ts";
import type { Totals } from "../../profile.ts";
import { formatEdit, type Edit } from "../edit.ts";
import type { Restructuring } from "../../restructure/restructuring.ts";
import { keepsItsWord, Usefulness, worthiest } from "./contenders.ts";
import type { CostedModel, Costing } from "./costing.ts";
import { withExactEdits } from "./exact-edits.ts";
import { inOrder, type FitError, type FitPoint, type Verdict } from "./fit-point.ts";
import type { Goal } from "./goal.ts";
import { rounded } from "./strengths.ts";
import { changesAnswers, movesOn, type Move } from "./moves.ts";
import { Points } from "./points.ts";
import { possible, predictedTotals } from "./possible.ts";
import { continued, madeAgain, type Origin, type Progress } from "./progress.ts";
import type { Trials } from "./trials.ts";

export interface SearchOptions {
  readonly bindings?: Readonly<Record<string, number>>;
  readonly allowsTraining?: boolean;
  readonly signal?: AbortSignal;
  /** Gets each point when it is found. */
  readonly onPoint?: (point: FitPoint) => void;
  /** @param done part of the way to the budget, 0 to 1 @param edit that is made, where `what` is its text */
  readonly onProgress?: (done: number, what: string, edit?: Edit) => void;
  /** An earlier search of the same model with the same samples, to go on with. */
  readonly resume?: Progress;
  /** Gets what it takes to go on from here, whenever the search stands somewhere else. */
  readonly onMove?: (progress: Progress) => void;
}

/** Trains a model on the way; undefined where it stays as it is. */
type Recovery = (model: Model, point: FitPoint) => Promise<Pick<State, "model" | "edits" | "point"> | undefined>;

/** A model on the way. */
interface State extends Origin {
  readonly point: FitPoint;
  /** Its error on the samples of trials, which those of other trials are held against. */
  readonly trial: FitError;
}

/** A move that was made in full. */
interface Made extends Pick<Tried, "move" | "from" | "gain"> {
  readonly edits: readonly Edit[];
  readonly model: Model;
  readonly error: FitError;
}

/** A trial of a move: a state whose error is only known roughly. */
interface Tried {
  readonly move: Move;
  readonly from: Origin;
  readonly edit: Edit;
  readonly model: Model;
  readonly trial: FitError;
  /** As it is predicted. */
  readonly gain: number;
  readonly ratio: number;
}

/** What gets to the end is not too small for a last digit of a sum. */
const ROUNDING = 1 - 1e-9;
/** Part of what was too much that is so little that the rest is tried in one go, and that this is the end. */
const NEAR = 1 / 24;
/** What is too much when the rest is tried in one go: at the start, on the way, and instead of a last small step. */
const PILOTS = [Infinity, 0.5, NEAR];
/** Thousandths of a width multiplier. */
const WIDTHS = 1000;
/** Edits of the whole network. */
const WIDTH: Edit = { restructuring: "reduce-channels", target: "", options: { ratio: 1 } };
const INTEGERS: Edit = { restructuring: "quantize-model", target: "", options: {} };

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
  readonly #usefulness = new Usefulness();
  /** Part of what is too much that a step should save: smaller when none is left. */
  #step: number;
  #pilots = 0;

  constructor(
    private readonly trials: Trials,
    private readonly goal: Goal,
    private readonly costing: Costing,
    private readonly options: SearchOptions,
  ) {
    this.#points = new Points(goal, options.onPoint);
    this.#step = costing.steps.first;
  }

  get points(): Points {
    return this.#points;
  }

  /** Ends when the budget is met, nothing is left, or a reason is thrown. */
  async run({ model: base, totals }: CostedModel, recovery?: Recovery): Promise<void> {
    const error = this.trials.originalError;
    const { resume } = this.options;
    let current: State | undefined;
    if (resume) current = await this.#resumed(base, resume);
    else {
      const point = this.#point([], totals, error, await this.trials.judged(base));
      this.#points.add(point, base);
      if (!this.goal.isAccurate(error)) return;
      current = await this.#exact({ model: base, edits: [], point, trial: error });
    }
    while (current && !this.#isDone(current)) {
      this.#tell(current);
      await this.#pilot(current);
      if (this.#isDone(current)) break;
      const next = await this.#next(current);
      if (next) this.#points.add(next.point, next.model);
      else this.#step = 0;
      if (!next) this.#tell(current);
      current = next && ((await this.#recovered(next, recovery)) ?? next);
    }
    if (current) this.#tell(current);
  }

  /** The search goes on from what was trained. */
  async #recovered(state: State, recovery: Recovery | undefined): Promise<State | undefined> {
    const recovered = await recovery?.(state.model, state.point);
    if (!recovered) return undefined;
    const trial = this.trials.areFull ? recovered.point : await this.trials.measured(recovered.model, "trial");
    return { ...recovered, trial, before: state };
  }

  /** Where the earlier search stood. Its points are as they were then; only models are made again. */
  async #resumed(base: Model, { points, standing, step, pilots }: Progress): Promise<State | undefined> {
    const edited = (model: Model, edit: Edit): Promise<Model> => this.trials.edited(model, edit, "all");
    for (const point of points) this.#points.add(this.goal.pointOf(point), undefined);
    const point = this.#points.all[standing];
    const hasMoves = step !== 0;
    const { best } = this.#points;
    const origin = await madeAgain(base, point?.edits ?? [], edited);
    const model =
      best === standing ? origin.model : (await madeAgain(base, this.#points.all[best]?.edits ?? [], edited)).model;
    this.#points.remember(model);
    if (!point || !hasMoves) return undefined;
    if (pilots !== undefined) this.#pilots = pilots;
    this.#step = step ?? this.#step;
    this.trials.totalsOf(origin.model, origin.before?.model);
    await this.costing.costed([origin]);
    return { ...origin, point, trial: this.trials.areFull ? point : await this.trials.measured(origin.model, "trial") };
  }

  #tell({ point }: State): void {
    const points = this.#points.all;
    const progress = { points: [...points], standing: points.indexOf(point), step: this.#step, pilots: this.#pilots };
    this.options.onMove?.(progress);
  }

  #isDone({ point }: State): boolean {
    // Models are judged from the largest down, and the first one that fails is the last one that is looked at: of many tried, some would pass
    // by chance (fixed sequence testing: Maurer, Hothorn, Lehmacher, 1995).
    if (!this.goal.isBounded) return !this.goal.isConfirmed(point.verdict);
    const bound = this.#bound();
    // So near, the rest was tried in one go.
    const isThere = inOrder(point.excess) <= NEAR && Number.isFinite(bound);
    return point.isWithinBudget || inOrder(point.error) >= bound || (isThere && this.#pilots === PILOTS.length);
  }

  /** No point at this error or more can become the best. */
  #bound(): number {
    if (!this.goal.isBounded) return Infinity;
    return this.#points.all.reduce(
      (least, { isWithinBudget, error }) => (isWithinBudget ? Math.min(least, inOrder(error)) : least),
      Infinity,
    );
  }

  async #exact(start: State): Promise<State> {
    const { goal, trials, options } = this;
    const onEdit = (edit: Edit): void => this.#say(start, edit);
    const made = await withExactEdits(start.model, start.point.totals, goal, trials, { ...options, onEdit });
    if (!made) return start;
    const { model, edits, error } = made;
    const [totals] = (await this.costing.costed([{ model, from: start.model }], costedOf(start))).totals;
    if (!totals) return start;
    const point = this.#point(edits, totals, error, await trials.judged(model));
    this.#points.add(point, model);
    return { model, edits, point, trial: error, before: start };
  }

  /** The move with the least error per saving, made and costed in full. */
  async #next(current: State): Promise<State | undefined> {
    const { allowsTraining } = this.options;
    const storesLast = this.goal.computesTooMuch(current.point.totals);
    const ofKind = (stores: readonly boolean[]): Promise<State | undefined> =>
      this.#nextOf(current, (each) => changesAnswers(each, allowsTraining) && stores.includes(each.keepsMacs === true));
    const next = await ofKind(storesLast ? [false] : [false, true]);
    return next ?? (storesLast && !this.goal.isOfMacsAlone ? ofKind([true]) : undefined);
  }

  async #nextOf(current: State, isWanted: (each: Restructuring) => boolean): Promise<State | undefined> {
    const allMoves = movesOn(current.model, isWanted, this.options.bindings);
    for (;;) {
      const moves = allMoves.filter(({ edit }) => this.#usefulness.isWorthTrying(edit.restructuring));
      const best = await this.#cheapest(current, moves);
      const next = await this.#worthiest(current, best);
      if (next) return next;
      if (best.length > 0) continue;
      if (this.#step < this.costing.steps.smallest) return undefined;
      this.#step /= 2;
    }
  }

  /** As many as are costed in full, the cheapest first. */
  async #cheapest(current: State, moves: readonly Move[]): Promise<readonly Tried[]> {
    const pending = new Set(moves);
    const { contenders } = this.costing;
    let best: readonly Tried[] = [];
    for (;;) {
      const next = this.#likeliest(pending);
      const isClear = next && best.length >= contenders && (best[0]?.ratio ?? Infinity) <= this.#estimate(next);
      if (!next || isClear) return best;
      pending.delete(next);
      const tried = await this.#tried(current, next);
      if (tried) best = [...best, tried].toSorted((a, b) => a.ratio - b.ratio).slice(0, contenders);
    }
  }

  /** Makes the moves in full and costs them; undefined when none of them is accurate enough and saves something. */
  async #worthiest(current: State, tried: readonly Tried[]): Promise<State | undefined> {
    const made: Made[] = [];
    for (const each of tried) {
      const full = await possible(() => this.#inFull(each));
      if (full) made.push(full);
      else this.#ratios.set(each.move.key, Infinity);
    }
    if (made.length === 0) return undefined;
    const round = await this.costing.costed(
      made.map(({ model, from }) => ({ model, from: from.model })),
      costedOf(current),
    );
    const before = this.goal.excessOf(round.standing ?? current.point.totals);
    const contenders = made.map(({ error: { error }, gain: predicted }, place) => {
      const totals = round.totals[place];
      return { error: inOrder(error), predicted, gain: totals ? before - this.goal.excessOf(totals) : 0 };
    });
    const chosen = worthiest(contenders, inOrder(current.point.error));
    let next: State | undefined;
    for (const [place, each] of made.entries()) {
      const totals = round.totals[place];
      const contender = contenders[place];
      const isUseful = contender !== undefined && keepsItsWord(contender);
      this.#usefulness.note(each.move.edit.restructuring, isUseful);
      if (!isUseful) this.#ratios.set(each.move.key, Infinity);
      // Without a bound, models are judged in order of size: none beside those.
      if (!totals || (place !== chosen && !this.goal.isBounded)) continue;
      const { model, edits, error, from } = each;
      const point = this.#point(edits, totals, error, await this.trials.judged(model));
      if (place !== chosen) this.#points.add(point, model);
      else {
        const trial = this.trials.areFull ? error : await this.trials.measured(model, "trial");
        next = { model, edits, point, trial, before: from };
      }
    }
    return next;
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
    const needed = Math.min(this.#step, inOrder(current.point.excess));
    const gain = await possible(async () => {
      const totals = await this.#predicted(from.model, edit, costedOf(current));
      return totals && inOrder(current.point.excess) - this.goal.excessOf(totals);
    });
    if (gain !== undefined && gain < needed * ROUNDING) return undefined;
    const made = await possible(async () => {
      if (gain === undefined) return undefined;
      const model = await this.trials.edited(from.model, edit, "trial");
      return { model, gain, trial: await this.trials.measured(model, "trial") };
    });
    const isOut =
      made === undefined ||
      !this.goal.isAccurate(made.trial) ||
      inOrder(made.trial.error) >= this.#boundOfTrials(current);
    const ratio = isOut ? Infinity : Math.max(0, inOrder(made.trial.error) - inOrder(current.trial.error)) / made.gain;
    this.#ratios.set(move.key, ratio);
    return isOut || !Number.isFinite(ratio) ? undefined : { move, from, edit, ratio, ...made };
  }

  /** Errors on fewer samples cannot be held against those on all. */
  #boundOfTrials(current: State): number {
    return this.trials.areFull ? this.#bound() : Math.max(this.#bound(), inOrder(current.trial.error)) * 2;
  }

  /** With all samples; undefined when that shows that it is not accurate enough. */
  async #inFull({ move, from, edit, model: rough, trial, gain }: Tried): Promise<Made | undefined> {
    const { areFull } = this.trials;
    const model = areFull ? rough : await this.trials.edited(from.model, edit, "all");
    const error = areFull ? trial : await this.trials.measured(model, "all");
    return this.goal.isAccurate(error) ? { move, from, gain, edits: [...from.edits, edit], model, error } : undefined;
  }

  /** The rest of the way by one width multiplier of the whole network, at first of the network in integers too. */
  async #pilot(current: State): Promise<void> {
    const due = PILOTS[this.#pilots];
    if (!this.goal.isBounded || due === undefined || inOrder(current.point.excess) > due) return;
    const isFirst = this.#pilots === 0;
    this.#pilots = PILOTS.findIndex((excess) => excess < inOrder(current.point.excess));
    if (this.#pilots < 0) this.#pilots = PILOTS.length;
    await this.#narrow(current);
    if (!isFirst || !this.costing.triesIntegers) return;
    const integers = await this.#whole(current, current, INTEGERS);
    if (integers?.point.isWithinBudget === false && inOrder(integers.point.error) < this.#bound())
      await this.#narrow(integers);
  }

  async #narrow(current: State): Promise<void> {
    const { from } = continued(current, WIDTH);
    let standing = costedOf(current);
    let widest = WIDTHS;
    for (let pilot = 0; pilot < this.costing.pilots; pilot += 1) {
      const width = await this.#widest(from, WIDTH, standing, widest);
      const found = width === undefined ? undefined : await this.#whole(current, from, widened(WIDTH, width));
      if (!found || width === undefined || found.point.isWithinBudget) return;
      [standing, widest] = [costedOf(found), width - 1];
    }
  }

  /** An edit of the whole network, made and costed in full; undefined where that cannot be. */
  async #whole(current: State, from: Origin, edit: Edit): Promise<State | undefined> {
    const made = await possible(async () => {
      this.#say(current, edit);
      const model = await this.trials.edited(from.model, edit, "all");
      return { model, error: await this.trials.measured(model, "all") };
    });
    if (!made) return undefined;
    const { model, error } = made;
    const [totals] = (await this.costing.costed([{ model, from: from.model }], costedOf(current))).totals;
    if (!totals) return undefined;
    const edits = [...from.edits, edit];
    const point = this.#point(edits, totals, error, await this.trials.judged(model));
    this.#points.add(point, model);
    return { model, edits, point, trial: error, before: from };
  }

  /** The largest multiplier within the budget, in thousandths, by bisection over sizes; undefined where there is none. */
  #widest(from: Origin, whole: Edit, standing: CostedModel, most: number): Promise<number | undefined> {
    const fits = async (width: number): Promise<boolean> => {
      const totals = await this.#predicted(from.model, widened(whole, width), standing);
      return totals !== undefined && this.goal.excessOf(totals) === 0;
    };
    return possible(async () => {
      let [low, high] = [0, most];
      if (!(await fits(low))) return undefined;
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (await fits(middle)) low = middle;
        else high = middle;
      }
      return low;
    });
  }

  #predicted(model: Model, edit: Edit, standing: CostedModel): Promise<Totals | undefined> {
    const costs = { totalsOf: (after: Model, before: Model) => this.costing.predicted(after, before, standing) };
    return predictedTotals(model, edit, costs, this.options);
  }

  #point(edits: readonly Edit[], totals: Totals, error: FitError, verdict: Verdict | null): FitPoint {
    return this.goal.pointOf({ edits, totals, ...error, verdict, downloadBytes: null });
  }

  #say({ point }: State, edit: Edit): void {
    this.options.onProgress?.(Math.min(1, Math.max(0, 1 - inOrder(point.excess))), formatEdit(edit), edit);
  }
}

function costedOf({ model, point: { totals } }: Pick<State, "model" | "point">): CostedModel {
  return { model, totals };
}

function widened(whole: Edit, width: number): Edit {
  return { ...whole, options: { ...whole.options, ratio: rounded(width / WIDTHS) } };
}
