import type { FitBudget, FitState, SearchWay } from "../../webview/protocol/editing.ts";
import { toFailure } from "../../webview/protocol/rpc.ts";
import type { FitUpdate } from "../worker/protocol.ts";

/** Runs a search; settled when it ends. @throws {RpcError} */
export type Search = (budget: FitBudget, way: SearchWay, signal: AbortSignal) => Promise<void>;

/** The search for a model that keeps a budget: the one under way, or the last one. */
export class DocumentFit {
  readonly #search: Search;
  readonly #onState: (state: FitState) => void;
  #state: FitState | null = null;
  #run: AbortController | undefined;

  constructor(search: Search, onState: (state: FitState) => void) {
    this.#search = search;
    this.#onState = onState;
  }

  get state(): FitState | null {
    return this.#state;
  }

  /** Settled when the search ends, whichever way; its state says which. */
  async start(budget: FitBudget, way: SearchWay): Promise<void> {
    this.#run?.abort();
    const run = (this.#run = new AbortController());
    this.#tell({
      isRunning: true,
      budget,
      way,
      samples: null,
      points: [],
      best: null,
      done: 0,
      what: "",
      failure: null,
    });
    try {
      await this.#search(budget, way, run.signal);
      this.#end(run, null);
    } catch (error) {
      const { stack: _stack, ...failure } = toFailure(error);
      this.#end(run, failure);
    }
  }

  /** Ends the search and keeps what it found. */
  cancel(): void {
    this.#run?.abort();
  }

  onUpdate(update: FitUpdate): void {
    if (this.#state?.isRunning === true) this.#tell({ ...this.#state, ...update });
  }

  #end(run: AbortController, failure: FitState["failure"]): void {
    if (this.#run === run && this.#state) this.#tell({ ...this.#state, isRunning: false, failure });
  }

  #tell(state: FitState): void {
    this.#state = state;
    this.#onState(state);
  }
}
