import { Worker } from "node:worker_threads";
import type { NumericArray } from "./numeric-tensor.ts";

export interface RawTensor {
  readonly data: NumericArray;
  readonly shape: readonly number[];
}

/** Shapes of the model's ends, in order. */
export interface OpenedModel {
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
}

export interface SamplesRequest {
  /** Elements of all samples one after the other, and the shape of one. */
  readonly inputs: readonly RawTensor[];
  readonly count: number;
}

export interface TimingRequest {
  readonly inputs: readonly RawTensor[];
  readonly warmUpRuns: number;
  readonly runs: number;
  /** Stop timing after so long, though not before a few runs. */
  readonly budgetSeconds: number;
}

export interface TimedRuns {
  readonly firstSeconds: number;
  readonly runSeconds: readonly number[];
  /** Of the last run. */
  readonly outputs: readonly RawTensor[];
}

/** What the thread does, and what it answers. */
interface Actions {
  readonly open: { readonly value: Uint8Array; readonly result: OpenedModel };
  readonly run: { readonly value: readonly RawTensor[]; readonly result: readonly RawTensor[] };
  readonly runEach: { readonly value: SamplesRequest; readonly result: readonly RawTensor[] };
  readonly time: { readonly value: TimingRequest; readonly result: TimedRuns };
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly failure?: string;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The thread that a model runs in, one after the other. It keeps the process alive only while it works. */
export class LitertThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #end: Error | undefined;

  constructor() {
    // Its own output streams, which nobody reads: the runtime writes of every model it loads.
    this.#worker = new Worker(new URL("./litert-worker.js", import.meta.url), { stdout: true, stderr: true });
    this.#worker.unref();
    this.#worker.on("message", (answer: Answer) => this.#settle(answer));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("its thread ended")));
  }

  /** @throws {Error} with the runtime's reason, or when the thread ends */
  request<A extends keyof Actions>(action: A, value: Actions[A]["value"]): Promise<Actions[A]["result"]> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const id = this.#next++;
    return new Promise<Actions[A]["result"]>((resolve, reject) => {
      this.#pending.set(id, { resolve: (result) => resolve(result as Actions[A]["result"]), reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, action, value });
    });
  }

  async close(): Promise<void> {
    this.#fail(new Error("it was closed"));
    // Until it has ended: a process that waits for nothing but this would end in the middle, and without a word.
    this.#worker.ref();
    await this.#worker.terminate();
  }

  #settle({ id, result, failure }: Answer): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0 && this.#end === undefined) this.#worker.unref();
    if (failure === undefined) pending?.resolve(result);
    else pending?.reject(new Error(failure));
  }

  #fail(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#end);
    this.#pending.clear();
  }
}
