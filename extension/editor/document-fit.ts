import type { FitBudget, FitState, SearchWay } from "../../webview/protocol/editing.ts";
import type { DeviceSearch } from "../../profiler/editing/index.ts";
import { BackgroundTask } from "./background-task.ts";

/** What measures a search, and what it found there before; to go on with where that fits. */
export interface SearchDevice {
  readonly id: string;
  readonly kept: DeviceSearch | null;
}

/** Runs a search; settled when it ends. @throws {RpcError} */
export type Search = (
  budget: FitBudget,
  way: SearchWay,
  device: SearchDevice | null,
  signal: AbortSignal,
) => Promise<void>;

/** The search for a model that keeps a budget: the one under way, or the last one. */
export class DocumentFit {
  readonly task: BackgroundTask<FitState>;
  #searched = "";
  /** Searches on devices, by what they are of: measuring takes minutes, and one that was cancelled is gone on with. */
  readonly #kept = new Map<string, DeviceSearch>();

  /** @param subject what a search is of now, in words: the shown edits and the samples */
  constructor(
    private readonly search: Search,
    onState: (state: FitState) => void,
    private readonly subject: () => string,
  ) {
    this.task = new BackgroundTask(onState);
  }

  /** Settled when the search ends, whichever way; its state says which. */
  start(budget: FitBudget, way: SearchWay, device: string | null): Promise<void> {
    this.#searched = `${device ?? ""} ${this.subject()}`;
    const measuring = device === null ? null : { id: device, kept: this.#kept.get(this.#searched) ?? null };
    const nothing = { measuredOn: null, samples: null, points: [], best: null, done: 0, what: "", failure: null };
    return this.task.start({ isRunning: true, budget, way, device, ...nothing }, (signal) =>
      this.search(budget, way, measuring, signal),
    );
  }

  onSearch(search: DeviceSearch): void {
    this.#kept.set(this.#searched, search);
  }
}
