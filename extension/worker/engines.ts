import type { Diagnosis } from "../../profiler/diagnostics/index.ts";
import type { DownloadReport, LayerDetails, ModelListing, WeightStatistics } from "../../profiler/index.ts";
import type { Edit } from "../../profiler/editing/index.ts";
import type { Prediction, Suggestions } from "../../webview/protocol/editing.ts";
import { RpcError, type Handlers, type Listeners } from "../../webview/protocol/rpc.ts";
import { EngineWorker } from "./engine-worker.ts";
import {
  NEEDS_NUMBERS,
  type DiagnosisRequest,
  type LayerQuery,
  type ModelRequest,
  type ProfileReply,
  type RunLimits,
  type SuggestionScope,
  type WeightsQuery,
  type WorkerContract,
  type WorkerHostContract,
} from "./protocol.ts";

export interface EnginesHost {
  readonly handlers: Handlers<WorkerHostContract>;
  readonly listeners: Listeners<WorkerContract>;
  /** Whether edits are in force: then the thread that computed them stays. */
  readonly isEdited: () => boolean;
  /** A folder for what edits learn. */
  /** For what edits learn, and for copies of files that are edited. */
  readonly folders: { readonly learned: string; readonly copies: string };
  /** Of models that run on this machine, as the settings have them now. */
  readonly limits: () => RunLimits;
}

/** A computation between two products of matrices takes up to some seconds; ending the thread would throw away every edit it computed. */
const COMPUTING_PATIENCE_MILLISECONDS = 5000;

type Requests = WorkerContract["requests"];

/**
 * Two threads of one engine. One reads, costs and predicts, and answers at once; the other one, started when it is first needed, computes
 * weights and runs models, which takes as long as it takes.
 */
export class Engines {
  readonly quick: EngineWorker;
  readonly computing: EngineWorker;

  /** @param script path of the worker's bundle */
  constructor(script: string, { handlers, listeners, isEdited, folders, limits }: EnginesHost) {
    const { learned: learnedFolder, copies: copiesFolder } = folders;
    this.quick = new EngineWorker(script, { handlers, listeners, learnedFolder, copiesFolder, limits });
    this.computing = new EngineWorker(script, {
      handlers,
      listeners,
      isKept: isEdited,
      learnedFolder,
      copiesFolder,
      limits,
      patienceMilliseconds: COMPUTING_PATIENCE_MILLISECONDS,
    });
  }

  profile(request: ModelRequest, signal: AbortSignal): Promise<ProfileReply> {
    return this.#threadFor(request).request("profile", request, signal);
  }

  layerDetails(query: LayerQuery): Promise<LayerDetails> {
    return this.#threadFor(query.request).request("layerDetails", query);
  }

  weightStatistics(query: WeightsQuery): Promise<WeightStatistics | null> {
    return this.#threadFor(query.request).request("weightStatistics", query);
  }

  download(request: ModelRequest, signal: AbortSignal): Promise<DownloadReport> {
    return this.#threadFor(request).request("download", request, signal);
  }

  listing(request: ModelRequest): Promise<ModelListing> {
    return this.#threadFor(request).request("listing", request);
  }

  diagnose(params: DiagnosisRequest): Promise<readonly Diagnosis[]> {
    return this.#threadFor(params.request).request("diagnose", params);
  }

  /** By sizes alone where they are enough and no error is measured, so that it need not wait for weights. */
  async suggest(
    request: ModelRequest,
    scope: SuggestionScope,
    signal: AbortSignal,
  ): Promise<Omit<Suggestions, "revision">> {
    if (scope.calibration)
      return this.computing.request("suggest", { request: { ...request, isPrediction: false }, scope }, signal);
    return this.#bySizes(request, (model, thread) => thread.request("suggest", { request: model, scope }, signal));
  }

  async predict(request: ModelRequest, edit: Edit, signal: AbortSignal): Promise<Prediction | null> {
    return this.#bySizes(request, (model, thread) => thread.request("predict", { request: model, edit }, signal));
  }

  /** Everything else that needs weights. */
  compute<Method extends keyof Requests & string>(
    method: Method,
    params: Requests[Method]["params"],
    signal?: AbortSignal,
  ): Promise<Requests[Method]["result"]> {
    return this.computing.request(method, params, signal);
  }

  dispose(): void {
    this.quick.dispose();
    this.computing.dispose();
  }

  async #bySizes<T>(
    request: ModelRequest,
    ask: (request: ModelRequest, thread: EngineWorker) => Promise<T>,
  ): Promise<T> {
    try {
      return await ask({ ...request, isPrediction: request.edits.length > 0 }, this.quick);
    } catch (error) {
      if (!(error instanceof RpcError) || error.failure.code !== NEEDS_NUMBERS) throw error;
      return ask({ ...request, isPrediction: false }, this.computing);
    }
  }

  #threadFor({ edits, isPrediction }: ModelRequest): EngineWorker {
    return edits.length === 0 || isPrediction ? this.quick : this.computing;
  }
}
