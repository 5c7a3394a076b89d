import type { FitStart, FitState } from "../../webview/protocol/editing.ts";
import type { KeptSearches } from "../running/kept-searches.ts";
import { BackgroundTask } from "./background-task.ts";

/** What measures a search, and what it found there before, as text; to go on with where that fits. */
export interface SearchDevice {
  readonly id: string;
  readonly subject: string;
  readonly kept: string | null;
}

/** Runs a search; settled when it ends. @throws {RpcError} */
export type Search = (
  wanted: Pick<FitStart, "budget" | "way" | "recovers">,
  device: SearchDevice | null,
  signal: AbortSignal,
) => Promise<void>;

/** The search for a model that keeps a budget: the one under way, or the last one. */
export class DocumentFit {
  readonly task: BackgroundTask<FitState>;

  /** @param subject what a search is of now, in words: the model, the shown edits and the samples */
  constructor(
    private readonly search: Search,
    onState: (state: FitState) => void,
    private readonly subject: () => string,
    private readonly kept: KeptSearches,
  ) {
    this.task = new BackgroundTask(onState);
  }

  /** Settled when the search ends, whichever way; its state says which. */
  start({ device, isAnew, ...wanted }: FitStart): Promise<void> {
    const subject = JSON.stringify([device, this.subject()]);
    const nothing = { measuredOn: null, isContinued: false, samples: null, points: [], best: null, notRecovered: null };
    const begin = { isRunning: true, ...wanted, device, ...nothing, done: 0, what: "", failure: null };
    return this.task.start(begin, async (signal) => {
      const kept = device === null || isAnew ? null : await this.kept.of(subject);
      signal.throwIfAborted();
      await this.search(wanted, device === null ? null : { id: device, subject, kept }, signal);
    });
  }
}
