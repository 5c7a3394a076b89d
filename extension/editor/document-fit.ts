import type { FitBudget, FitState, SearchWay } from "../../webview/protocol/editing.ts";
import { BackgroundTask } from "./background-task.ts";

/** Runs a search; settled when it ends. @throws {RpcError} */
export type Search = (budget: FitBudget, way: SearchWay, signal: AbortSignal) => Promise<void>;

/** The search for a model that keeps a budget: the one under way, or the last one. */
export class DocumentFit {
  readonly task: BackgroundTask<FitState>;

  constructor(
    private readonly search: Search,
    onState: (state: FitState) => void,
  ) {
    this.task = new BackgroundTask(onState);
  }

  /** Settled when the search ends, whichever way; its state says which. */
  start(budget: FitBudget, way: SearchWay): Promise<void> {
    const nothing = { samples: null, points: [], best: null, done: 0, what: "", failure: null };
    return this.task.start({ isRunning: true, budget, way, ...nothing }, (signal) => this.search(budget, way, signal));
  }
}
