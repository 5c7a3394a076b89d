import type { Model } from "../../model/model.ts";
import type { Goal } from "./goal.ts";
import { inOrder, type FitPoint } from "./fit-point.ts";

/** The points of a search as they are found, and the model of the one to take. */
export class Points {
  readonly all: FitPoint[] = [];
  #model: Model | undefined;
  /** Positions of points of which a better one was made in their place. */
  readonly #replaced = new Set<number>();

  constructor(
    private readonly goal: Goal,
    private readonly onPoint: ((point: FitPoint) => void) | undefined,
  ) {}

  /**
   * @param model undefined for a point of an earlier search: see `remember`
   * @param insteadOf position of a point in whose place it is to be taken, where it is within the budget
   */
  add(point: FitPoint, model: Model | undefined, insteadOf?: number): void {
    this.all.push(point);
    if (insteadOf !== undefined && point.isWithinBudget) this.#replaced.add(insteadOf);
    if (this.best === this.all.length - 1) this.#model = model;
    this.onPoint?.(point);
  }

  /** The model of the point to take was made again. */
  remember(model: Model): void {
    this.#model = model;
  }

  /** Position of the point to take; see `FitResult`. */
  get best(): number {
    const { all, goal } = this;
    const met = [...all.keys()].filter((index) => all[index]?.isWithinBudget && !this.#replaced.has(index));
    const by = (key: "error" | "excess"): ((a: number, b: number) => number) => {
      const value = (index: number): number => inOrder(all[index]?.[key]);
      return (a, b) => (value(a) === value(b) ? 0 : value(a) - value(b));
    };
    const isPossible = (point: FitPoint | undefined): boolean =>
      point !== undefined && goal.isAccurate(point) && goal.isConfirmed(point.verdict);
    if (met.length > 0) return met.toSorted(by(goal.isBounded ? "error" : "excess"))[0] ?? 0;
    const accurate = [...all.keys()].filter((index) => isPossible(all[index]));
    return accurate.toSorted(by("excess"))[0] ?? 0;
  }

  /** The model of that point. Those of the others are let go: each holds its new weights. */
  get model(): Model | undefined {
    return this.#model;
  }
}
