import { toFailure, type Failure } from "../../webview/protocol/rpc.ts";

export interface TaskState {
  readonly isRunning: boolean;
  readonly failure: Failure | null;
}

/** Work of a document that goes on while its page is closed: the one under way, or the last one, with what it found. */
export class BackgroundTask<State extends TaskState> {
  readonly #onState: (state: State) => void;
  #state: State | null = null;
  #run: AbortController | undefined;

  constructor(onState: (state: State) => void) {
    this.#onState = onState;
  }

  get state(): State | null {
    return this.#state;
  }

  /**
   * Settled when the work ends, whichever way; its state says which. Work under way is ended.
   * @param begin the state before anything is found
   * @param work tells what it finds by `onUpdate`. @throws {RpcError}
   */
  async start(begin: State, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#run?.abort();
    const run = (this.#run = new AbortController());
    this.#tell(begin);
    try {
      await work(run.signal);
      this.#end(run, null);
    } catch (error) {
      const { stack: _stack, ...failure } = toFailure(error);
      this.#end(run, failure);
    }
  }

  /** Ends the work and keeps what it found. */
  cancel(): void {
    this.#run?.abort();
  }

  /** Ends the work and forgets what it found. */
  reset(state: State): void {
    this.#run?.abort();
    this.#run = undefined;
    this.#tell(state);
  }

  onUpdate(update: Partial<State>): void {
    if (this.#state?.isRunning === true) this.#tell({ ...this.#state, ...update });
  }

  #end(run: AbortController, failure: Failure | null): void {
    if (this.#run === run && this.#state) this.#tell({ ...this.#state, isRunning: false, failure });
  }

  #tell(state: State): void {
    this.#state = state;
    this.#onState(state);
  }
}
