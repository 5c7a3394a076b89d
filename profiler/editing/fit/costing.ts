import type { Model } from "../../model/model.ts";
import type { Totals } from "../../profile.ts";
import type { Trials } from "./trials.ts";

/** A model with what it costs. */
export interface CostedModel {
  readonly model: Model;
  readonly totals: Totals;
}

/** A model that was made, and the one that it was edited from. */
export interface MadeModel {
  readonly model: Model;
  readonly from?: Model;
}

export interface CostedRound {
  /** Of the models, in their order; undefined for one that does not run where it is measured. */
  readonly totals: readonly (Totals | undefined)[];
  /** Of the model that the search stands at, as it is now: what the others are held against. */
  readonly standing: Totals | undefined;
}

/** Where a search has the costs of models from. */
export interface Costing {
  /** How many of a round's best moves are made, and costed before one of them is taken. */
  readonly contenders: number;
  /** Part of what is too much that a step should save: at first, and when nothing else is left. */
  readonly steps: { readonly first: number; readonly smallest: number };
  /** How often a width for the rest of the way is tried: again where the one before turned out to cost more than was predicted. */
  readonly pilots: number;
  /** Whether the whole network in integers is tried at once: what that saves is measured, not counted. */
  readonly triesIntegers: boolean;
  /**
   * By sizes alone.
   * @param after what an edit would make of `from`
   * @param standing a model near by whose cost is known
   */
  predicted(after: Model, from: Model, standing: CostedModel): Totals;
  costed(made: readonly MadeModel[], standing?: CostedModel): Promise<CostedRound>;
}

/** Costs that are counted, and latencies as a hardware profile estimates them: what is predicted is what comes about. */
export class CountedCosts implements Costing {
  readonly contenders = 1;
  readonly pilots = 1;
  readonly triesIntegers = false;
  /** Small steps err least, but each takes time and leaves an edit; at last they would not get there in a reasonable list of edits. */
  readonly steps = { first: 1 / 24, smallest: 1 / 400 };

  constructor(private readonly trials: Trials) {}

  predicted(after: Model, from: Model): Totals {
    return this.trials.totalsOf(after, from);
  }

  costed(made: readonly MadeModel[], standing?: CostedModel): Promise<CostedRound> {
    const totals = made.map(({ model, from }) => this.trials.totalsOf(model, from));
    return Promise.resolve({ totals, standing: standing?.totals });
  }
}
