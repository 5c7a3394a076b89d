import { Worker } from "node:worker_threads";
import { Rpc, RpcError, type Handlers, type Listeners, type Message } from "../../webview/protocol/rpc.ts";
import { withoutCopyFolder } from "../editor/base-file.ts";
import type { RunLimits, WorkerContract, WorkerHostContract } from "./protocol.ts";

/** An idle worker holds some 30 MB and what it has read; the next request starts another within 100 ms. */
const IDLE_MILLISECONDS = 30_000;

/** Within this time after a cancelling the thread must listen again, or it is ended. */
const PATIENCE_MILLISECONDS = 500;

export interface EngineHost {
  readonly handlers: Handlers<WorkerHostContract>;
  readonly listeners: Listeners<WorkerContract>;
  /** Whether the thread holds what would be costly to make again: then it is not ended for idling. */
  readonly isKept?: () => boolean;
  readonly patienceMilliseconds?: number;
  /** A folder for what edits learn. */
  readonly learnedFolder?: string;
  /** Where files that are edited are copied to: messages name the file, not its copy. */
  readonly copiesFolder?: string;
  /** Of models that it runs, as the settings have them now. */
  readonly limits?: () => RunLimits;
}

interface RunningWorker {
  readonly worker: Worker;
  readonly rpc: Rpc<WorkerHostContract, WorkerContract>;
  /** As the thread was told them last. */
  limits: string;
}

type Requests = WorkerContract["requests"];

/**
 * The engine in a thread of its own: started when it is needed, ended when it idles, started anew after a crash. A cancelled request is
 * told so first; a thread that does not listen, because it is in the middle of a long loop, is ended, and what others asked of it is
 * asked again of the next one.
 */
export class EngineWorker {
  readonly #script: string;
  readonly #host: EngineHost;
  #running: RunningWorker | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #pending = 0;

  /** @param script path of the worker's bundle */
  constructor(script: string, host: EngineHost) {
    this.#script = script;
    this.#host = host;
  }

  /** Starts the thread for a request that is about to come: it loads while others find out what to ask. */
  start(): void {
    this.#running ??= this.#start();
    this.#restWhenIdle();
  }

  /** @throws {RpcError} with the engine's failure, "cancelled" when the signal aborts, or "crashed" when the thread dies */
  async request<Method extends keyof Requests & string>(
    method: Method,
    params: Requests[Method]["params"],
    signal?: AbortSignal,
  ): Promise<Requests[Method]["result"]> {
    clearTimeout(this.#idleTimer);
    this.#pending += 1;
    try {
      for (;;) {
        const running = (this.#running ??= this.#start());
        this.#tellLimits(running);
        const listen = (): void => void this.#endUnlessItListens(running);
        signal?.addEventListener("abort", listen, { once: true });
        try {
          return await running.rpc.request(method, params, signal);
        } catch (error) {
          if (!hasCode(error, ENDED) || signal?.aborted === true) throw this.#ofTheFile(error);
        } finally {
          signal?.removeEventListener("abort", listen);
        }
      }
    } finally {
      this.#pending -= 1;
      this.#restWhenIdle();
    }
  }

  dispose(): void {
    clearTimeout(this.#idleTimer);
    if (this.#running) this.#stop(this.#running, "disposed", "The model was closed.");
  }

  #ofTheFile(error: unknown): unknown {
    const { copiesFolder } = this.#host;
    if (copiesFolder === undefined || !(error instanceof RpcError)) return error;
    const { failure } = error;
    return new RpcError({ ...failure, message: withoutCopyFolder(failure.message, copiesFolder) });
  }

  #restWhenIdle(): void {
    if (this.#pending > 0) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => {
      if (this.#host.isKept?.() === true) this.#restWhenIdle();
      else this.dispose();
    }, IDLE_MILLISECONDS).unref();
  }

  #tellLimits(running: RunningWorker): void {
    const limits = this.#host.limits?.() ?? {};
    const told = JSON.stringify(limits);
    if (told === running.limits) return;
    running.limits = told;
    // Where the thread ends first, the next one is told.
    running.rpc.request("limit", limits).catch(() => undefined);
  }

  async #endUnlessItListens(running: RunningWorker): Promise<void> {
    const { patienceMilliseconds = PATIENCE_MILLISECONDS } = this.#host;
    const timer = setTimeout(
      () => this.#stop(running, ENDED, "The thread was ended to cancel something else."),
      patienceMilliseconds,
    );
    await running.rpc.request("ping", null).catch(() => undefined);
    clearTimeout(timer);
  }

  #start(): RunningWorker {
    const worker = new Worker(this.#script, {
      name: "edgewise",
      // The bundle needs no loader of the program that starts it: one, as tests have, would translate all of it anew.
      execArgv: [],
      workerData: { learnedFolder: this.#host.learnedFolder },
    });
    const rpc = new Rpc<WorkerHostContract, WorkerContract>(
      (message) => worker.postMessage(message, handedOver(message)),
      this.#host.handlers,
      this.#host.listeners,
    );
    const running: RunningWorker = { worker, rpc, limits: NO_LIMITS };
    worker.on("message", (message: unknown) => rpc.receive(message));
    worker.on("error", (error) => this.#stop(running, "crashed", `The engine stopped: ${error.message}`, error.stack));
    worker.on("exit", (code) => this.#stop(running, "crashed", `The engine stopped with exit code ${code}.`));
    return running;
  }

  #stop(running: RunningWorker, code: string, message: string, stack?: string): void {
    if (this.#running === running) this.#running = undefined;
    running.rpc.dispose({ code, message, ...(stack !== undefined && { stack }) });
    void running.worker.terminate();
  }
}

/** Bytes that the thread asked for are moved to it, not copied, where they are all of their memory. */
function handedOver(message: Message): ArrayBuffer[] {
  if (message.type !== "result" || !(message.result instanceof Uint8Array)) return [];
  const { buffer, byteLength } = message.result;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}

/** The engine's own are in force. */
const NO_LIMITS = JSON.stringify({});

/** The thread is gone for the sake of another request. */
const ENDED = "ended";

function hasCode(error: unknown, code: string): boolean {
  return error instanceof RpcError && error.failure.code === code;
}

export function isCancelled(error: unknown): boolean {
  return hasCode(error, "cancelled") || hasCode(error, "disposed");
}
