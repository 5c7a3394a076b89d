import type { LayerDetails, ProfileStep, Structure, WeightStatistics } from "../../profiler/index.ts";
import type { PackedLayers } from "../../webview/protocol/packed-layers.ts";
import type { Activity, Snapshot } from "../../webview/protocol/page.ts";
import type { PackedProfile } from "../../webview/protocol/packed-profile.ts";
import { RpcError, toFailure, type Failure } from "../../webview/protocol/rpc.ts";
import type { LayerQuery, ModelRequest, ProfileReply, WeightsQuery } from "../worker/protocol.ts";

/** Values of dynamic dimensions that the user gave, by name. */
export type Bindings = Readonly<Record<string, number>>;

/** Which of a file is shown: a model of a bundle, an entry of a model; what is left out is the first. */
export interface ShownPart {
  readonly model?: string;
  readonly entry?: string;
}

/** What of a file is shown, and with which sizes. */
export interface View {
  readonly part: ShownPart;
  readonly bindings: Bindings;
}

const FIRST: View = { part: {}, bindings: {} };

export interface Engine {
  profile(request: ModelRequest, signal: AbortSignal): Promise<ProfileReply>;
  layerDetails(query: LayerQuery): Promise<LayerDetails>;
  weightStatistics(query: WeightsQuery): Promise<WeightStatistics | null>;
}

export interface SessionOptions {
  /** What the page calls the model. */
  readonly file: string;
  readonly engine: Engine;
  readonly view: View;
  /** Looks at the file, its edits and the settings anew for each run; throws when there is no file. */
  readonly prepare: (view: View) => Promise<ModelRequest>;
  readonly onSnapshot: (snapshot: Snapshot) => void;
  readonly onActivity: (activity: Activity) => void;
  /** After each successful run: what is in force, and the data files the model refers to. */
  readonly onProfiled: (view: View, dataFiles: readonly string[]) => void;
  readonly onFailed: (failure: Failure) => void;
}

/**
 * The profile of one file as it is now: which run is under way, what the last one gave, which dimension values are in force. A newer run
 * replaces an older one, whose result is dropped. Knows neither VS Code nor the page.
 */
export class ProfilingSession {
  readonly #options: SessionOptions;
  #snapshot: Snapshot;
  #activity: Activity = "idle";
  #view: View;
  #profile: PackedProfile | undefined;
  /** What the shown profile was asked for with. */
  #request: ModelRequest | undefined;
  #revision = 0;
  #run: AbortController | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#view = options.view;
    this.#snapshot = { kind: "loading", file: options.file };
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  get activity(): Activity {
    return this.#activity;
  }

  get view(): View {
    return this.#view;
  }

  get bindings(): Bindings {
    return this.#view.bindings;
  }

  /** The profile that is shown; nothing while there is none. */
  get profile(): PackedProfile | undefined {
    return this.#profile;
  }

  /** Profiles again what is on the disk now. A failure becomes the snapshot; the last table stays until there is a result. */
  async reload(): Promise<void> {
    if (this.#snapshot.kind === "failed") this.#show({ kind: "loading", file: this.#options.file });
    try {
      await this.#profileWith(this.#view);
    } catch (error) {
      const failure = toFailure(error);
      // A choice remembered from an older version of the file: better what it has by itself than no table.
      const { part, bindings } = this.#view;
      if (["option", "format"].includes(failure.code) && Object.keys({ ...part, ...bindings }).length > 0) {
        this.#view = FIRST;
        return this.reload();
      }
      this.#fail(failure);
    }
  }

  /**
   * Profiles again, for what has changed of the request.
   * @throws {RpcError} when that fails: the last table stays
   */
  async refresh(): Promise<void> {
    await this.#profileWith(this.#view);
  }

  /**
   * Profiles with other values of dynamic dimensions.
   * @throws {RpcError} "option" when a value does not fit the model: the last table stays
   */
  bind(bindings: Bindings): Promise<void> {
    return this.choose({ ...this.#view, bindings });
  }

  /**
   * Profiles another part of the file.
   * @throws {RpcError} "option" when there is none of that name: the last table stays
   */
  async choose(view: View): Promise<void> {
    try {
      await this.#profileWith(view);
    } catch (error) {
      const failure = toFailure(error);
      if (failure.code === "option") throw new RpcError(failure);
      this.#fail(failure);
    }
  }

  /** Ends the run under way. The last table stays; without one the page is told that there is none. */
  cancel(): void {
    this.#run?.abort();
    this.#run = undefined;
    this.#tell("idle");
    if (this.#snapshot.kind === "loading") this.#fail({ code: "cancelled", message: "" });
  }

  onStep(step: ProfileStep): void {
    if (this.#run) this.#tell(step);
  }

  /** @throws {RpcError} "stale" when the revision is not the shown one, or has no such chunk */
  rows(revision: number, chunk: number): PackedLayers {
    const rows = revision === this.#revision ? this.#profile?.chunks[chunk] : undefined;
    if (!rows) throw new RpcError({ code: "stale", message: `No rows ${chunk} of revision ${revision}.` });
    return rows;
  }

  /** @throws {RpcError} "stale" when the revision is not the shown one */
  structure(revision: number): Structure {
    const structure = revision === this.#revision ? this.#profile?.structure : undefined;
    if (!structure) throw new RpcError({ code: "stale", message: `No structure of revision ${revision}.` });
    return structure;
  }

  /** What a revision was asked for with. @throws {RpcError} "stale" when the revision is not the shown one */
  requestOf(revision: number): ModelRequest {
    if (revision === this.#revision && this.#profile && this.#request) return this.#request;
    throw new RpcError({ code: "stale", message: `Revision ${revision} is not shown any more.` });
  }

  /** What the file says of a layer. @throws {RpcError} "stale" when the revision is not the shown one */
  layerDetails(revision: number, layer: number): Promise<LayerDetails> {
    return this.#options.engine.layerDetails({ request: this.requestOf(revision), layer });
  }

  /** @throws {RpcError} "stale" when the revision is not the shown one */
  weightStatistics(revision: number, layer: number, input: number): Promise<WeightStatistics | null> {
    return this.#options.engine.weightStatistics({ request: this.requestOf(revision), layer, input });
  }

  dispose(): void {
    this.#run?.abort();
    this.#run = undefined;
  }

  async #profileWith(view: View): Promise<void> {
    this.#run?.abort();
    const run = new AbortController();
    this.#run = run;
    this.#tell("starting");
    try {
      const request = await this.#options.prepare(view);
      run.signal.throwIfAborted();
      const { profile, dataFiles } = await this.#options.engine.profile(request, run.signal);
      if (this.#run !== run) return;
      this.#view = view;
      this.#request = request;
      this.#accept(profile, request.isPrediction);
      this.#options.onProfiled(view, dataFiles);
    } catch (error) {
      if (this.#run === run) throw error;
    } finally {
      if (this.#run === run) {
        this.#run = undefined;
        this.#tell("idle");
      }
    }
  }

  #accept(profile: PackedProfile, isPrediction: boolean): void {
    const [firstRows] = profile.chunks;
    if (!firstRows) throw new Error("A profile has at least one chunk of rows.");
    this.#profile = profile;
    this.#revision += 1;
    this.#show({
      kind: "ready",
      file: this.#options.file,
      revision: this.#revision,
      header: profile.header,
      firstRows,
      chunkCount: profile.chunks.length,
      isPrediction,
    });
  }

  #fail(failure: Failure): void {
    this.#profile = undefined;
    const { stack: _stack, ...shown } = failure;
    this.#show({ kind: "failed", file: this.#options.file, failure: shown });
    this.#options.onFailed(failure);
  }

  #show(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#options.onSnapshot(snapshot);
  }

  #tell(activity: Activity): void {
    if (activity === this.#activity) return;
    this.#activity = activity;
    this.#options.onActivity(activity);
  }
}
