import { Worker } from "node:worker_threads";
import type { LayerDetails, ProfileStep, WeightStatistics } from "../../profiler/index.ts";
import { Rpc, RpcError, type Handlers } from "../../webview/rpc.ts";
import type {
  ExportRequest,
  LayerQuery,
  ProfileReply,
  ProfileRequest,
  WeightsQuery,
  WorkerContract,
  WorkerHostContract,
} from "./protocol.ts";

/** A second look at a model (another dimension, a saved file) usually comes soon; a thread kept longer only holds memory. */
const IDLE_MILLISECONDS = 30_000;

export interface EngineHost {
  readonly handlers: Handlers<WorkerHostContract>;
  readonly onStep: (step: ProfileStep) => void;
}

interface RunningWorker {
  readonly worker: Worker;
  readonly rpc: Rpc<WorkerHostContract, WorkerContract>;
}

/**
 * The engine in a thread of its own: started when it is needed, ended when it idles, started anew after a crash. One request at a time.
 * Cancelling ends the thread, because the engine's long loops listen to no message.
 */
export class EngineWorker {
  readonly #script: string;
  readonly #host: EngineHost;
  #running: RunningWorker | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  /** @param script path of the worker's bundle */
  constructor(script: string, host: EngineHost) {
    this.#script = script;
    this.#host = host;
  }

  /** @throws {RpcError} with the engine's failure, "cancelled" when the signal aborts, or "crashed" when the thread dies */
  profile(request: ProfileRequest, signal: AbortSignal): Promise<ProfileReply> {
    return this.#request("profile", request, signal);
  }

  /** A profile as the text of a file. @throws {RpcError} as `profile` does */
  export(request: ExportRequest, signal: AbortSignal): Promise<string> {
    return this.#request("export", request, signal);
  }

  /** @throws {RpcError} as `profile` does */
  layerDetails(query: LayerQuery): Promise<LayerDetails> {
    return this.#request("layerDetails", query);
  }

  /** @throws {RpcError} as `profile` does */
  weightStatistics(query: WeightsQuery): Promise<WeightStatistics | null> {
    return this.#request("weightStatistics", query);
  }

  dispose(): void {
    clearTimeout(this.#idleTimer);
    if (this.#running) this.#stop(this.#running, "disposed", "The model was closed.");
  }

  async #request<Method extends keyof WorkerContract["requests"]>(
    method: Method,
    params: WorkerContract["requests"][Method]["params"],
    signal?: AbortSignal,
  ): Promise<WorkerContract["requests"][Method]["result"]> {
    clearTimeout(this.#idleTimer);
    const running = (this.#running ??= this.#start());
    const stop = (): void => this.#stop(running, "cancelled", "Cancelled.");
    signal?.addEventListener("abort", stop, { once: true });
    try {
      return await running.rpc.request(method, params);
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#idleTimer = setTimeout(() => this.dispose(), IDLE_MILLISECONDS).unref();
    }
  }

  #start(): RunningWorker {
    const worker = new Worker(this.#script, { name: "edgewise" });
    const rpc = new Rpc<WorkerHostContract, WorkerContract>(
      (message) => worker.postMessage(message),
      this.#host.handlers,
      { step: this.#host.onStep },
    );
    const running = { worker, rpc };
    worker.on("message", (message: unknown) => rpc.receive(message));
    worker.on("error", (error) =>
      this.#stop(running, "crashed", `The profiler stopped: ${error.message}`, error.stack),
    );
    worker.on("exit", (code) => this.#stop(running, "crashed", `The profiler stopped with exit code ${code}.`));
    return running;
  }

  #stop(running: RunningWorker, code: string, message: string, stack?: string): void {
    if (this.#running === running) this.#running = undefined;
    running.rpc.dispose({ code, message, ...(stack !== undefined && { stack }) });
    void running.worker.terminate();
  }
}

export function isCancelled(error: unknown): boolean {
  return error instanceof RpcError && (error.failure.code === "cancelled" || error.failure.code === "disposed");
}
