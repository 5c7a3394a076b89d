import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import {
  DEFAULT_RUNS,
  DEFAULT_WARM_UP_RUNS,
  type RunOptions,
  type TargetProgress,
} from "../../profiler/device/target.ts";
import type { RunResult } from "../../profiler/device/run-result.ts";
import { sweepThreads, sweptThreads } from "../../profiler/device/sweep-threads.ts";
import { isOfVersion, type ShownVersion } from "../../profiler/presentation.ts";
import type { DeviceList, KeptRun, OtherRun, RunningState, RunsState } from "../../webview/protocol/running.ts";
import { HOST_DEVICE, type KeptObservation, type MeasuredReply } from "../worker/measuring-types.ts";
import { RpcError, toFailure, type Failure } from "../../webview/protocol/rpc.ts";
import type { StoredRun } from "./kept-run-format.ts";

export interface RunsHost {
  /** @throws {RpcError} with the reason when nothing was measured */
  measure(device: string, options: RunOptions, signal: AbortSignal): Promise<MeasuredReply>;
  devices(): DeviceList;
  /** Labels of the edits in force. */
  edits(): readonly string[];
  /** Of the shown model, seconds. */
  estimate(): number | null;
  load(): Promise<readonly StoredRun[]>;
  /** Runs of all models that are known. */
  loadAll(): Promise<readonly StoredRun[]>;
  keep(runs: readonly StoredRun[]): Promise<void>;
  onState(state: RunsState): void;
  /** While a run is under way; the rest of the state stays. */
  onProgress(running: RunningState): void;
}

/** A run may tell of thousands of inferences a second. */
const PROGRESS_MILLISECONDS = 100;

export interface DeviceObservations {
  /** "Google Pixel 8, 4 threads" */
  readonly device: string;
  readonly observations: readonly KeptObservation[];
}

/** The measured runs of one model: those that are kept, the one under way, and the one that stands beside the estimates. */
export class DocumentRuns {
  readonly #host: RunsHost;
  #options: RunOptions = { warmUpRuns: DEFAULT_WARM_UP_RUNS, runs: DEFAULT_RUNS };
  #runs: readonly StoredRun[] = [];
  #toldAt = 0;
  #shown: string | null = null;
  #running: RunningState | null = null;
  #failure: Failure | null = null;
  #run: AbortController | undefined;
  #loaded: Promise<void> | undefined;

  constructor(host: RunsHost) {
    this.#host = host;
  }

  get state(): RunsState {
    return {
      devices: this.#host.devices(),
      options: this.#options,
      running: this.#running,
      failure: this.#failure,
      runs: this.#runs.map(forPage),
      shown: this.#shown,
    };
  }

  /** The run whose times are shown. */
  get shown(): StoredRun | undefined {
    return this.#runs.find(({ id }) => id === this.#shown);
  }

  /** The same, where it measured the model as it is now. */
  shownFor(version: ShownVersion): StoredRun | undefined {
    const { shown } = this;
    return shown && isOfVersion(shown, this.#host.edits(), version) ? shown : undefined;
  }

  /** Reads what was kept; a second call waits for the first. */
  load(): Promise<void> {
    this.#loaded ??= this.#host.load().then((runs) => {
      this.#runs = runs;
      this.tell();
    });
    return this.#loaded;
  }

  setOptions(options: RunOptions): void {
    this.#options = options;
    this.tell();
  }

  /** @throws {RpcError} "busy" while another run is under way, and with the reason when nothing was measured */
  async start(): Promise<RunResult> {
    return (await this.#measure({})).result;
  }

  /**
   * Measures with several numbers of threads, one run after the other, and shows the fastest. What was measured before it is cancelled, or
   * before one fails, is kept.
   * @throws {RpcError} as `start` does
   */
  async sweepThreads(): Promise<void> {
    const { chosen, devices } = this.#host.devices();
    const cores = devices.find(({ id }) => id === chosen)?.facts?.cores ?? null;
    const measure = (threads: number): Promise<StoredRun> => this.#measure({ threads }, chosen);
    const { fastest } = await sweepThreads(sweptThreads(cores), measure, ({ result }) => result.latency);
    this.show(fastest.run.id);
  }

  /** @param device the chosen one when left out: a sweep stays on its own */
  async #measure(override: Pick<RunOptions, "threads">, device?: string): Promise<StoredRun> {
    if (this.#run)
      throw new RpcError({ code: "busy", message: "A run is under way.", hint: "Wait for its end, or cancel it." });
    const { chosen: current, devices } = this.#host.devices();
    const chosen = device ?? current;
    const deviceName = devices.find(({ id }) => id === chosen)?.name ?? chosen;
    const run = new AbortController();
    this.#run = run;
    const [edits, estimate] = [this.#host.edits(), this.#host.estimate()];
    this.#failure = null;
    this.#running = { device: chosen, deviceName, progress: { phase: "preparing" }, ...override };
    this.tell();
    try {
      await this.load();
      const { result, observation } = await this.#host.measure(
        chosen,
        optionsFor(chosen, { ...this.#options, ...override }),
        run.signal,
      );
      const kept: StoredRun = { id: randomUUID(), result, edits, estimate, observation };
      this.#runs = [kept, ...this.#runs];
      this.#shown = kept.id;
      await this.#host.keep(this.#runs);
      return kept;
    } catch (error) {
      const { stack: _stack, ...failure } = toFailure(error);
      this.#failure = failure.code === "cancelled" ? null : failure;
      throw error;
    } finally {
      this.#run = undefined;
      this.#running = null;
      this.tell();
    }
  }

  onProgress(progress: TargetProgress): void {
    if (!this.#running) return;
    const isSamePhase = progress.phase === this.#running.progress.phase;
    this.#running = { ...this.#running, progress };
    if (isSamePhase && performance.now() - this.#toldAt < PROGRESS_MILLISECONDS) return;
    this.#toldAt = performance.now();
    this.#host.onProgress(this.#running);
  }

  /** What was observed on the device of the shown run, or of the last one, with as many threads: of this model and all others. */
  async ofOneDevice(): Promise<DeviceObservations | undefined> {
    await this.load();
    const run = this.shown ?? this.#runs[0];
    if (!run) return undefined;
    const key = learnedDevice(run);
    const alike = (await this.#host.loadAll()).filter((other) => learnedDevice(other) === key);
    // The oldest first: the last run of a model is the one that counts.
    const sorted = alike.toSorted((a, b) => a.result.startedAt.localeCompare(b.result.startedAt));
    return { device: key, observations: sorted.flatMap(({ observation }) => observation ?? []) };
  }

  /** Kept runs of other models, the newest first. */
  async others(): Promise<readonly OtherRun[]> {
    return (await this.#ofOthers())
      .map(({ id, result: { model, startedAt, device, latency }, edits }) => ({
        id,
        model: model.file,
        startedAt,
        device: device.name,
        edits,
        median: latency.statistics.median,
      }))
      .sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  }

  async other(run: string): Promise<KeptRun | null> {
    const found = (await this.#ofOthers()).find(({ id }) => id === run);
    return found ? forPage(found) : null;
  }

  cancel(): void {
    this.#run?.abort();
  }

  show(run: string | null): void {
    this.#shown = run;
    this.tell();
  }

  async delete(run: string): Promise<void> {
    this.#runs = this.#runs.filter(({ id }) => id !== run);
    if (this.#shown === run) this.#shown = null;
    this.tell();
    await this.#host.keep(this.#runs);
  }

  tell(): void {
    this.#host.onState(this.state);
  }

  async #ofOthers(): Promise<readonly StoredRun[]> {
    await this.load();
    const own = new Set(this.#runs.map(({ id }) => id));
    return (await this.#host.loadAll()).filter(({ id }) => !own.has(id));
  }
}

function forPage({ observation: _observation, ...run }: StoredRun): KeptRun {
  return run;
}

/** Of ONNX models: what everybody means who names no other. */
const FIRST_RUNTIME = "ONNX Runtime";

/** What one learned profile is of: where several runtimes run a format, one is not as fast as another. */
function learnedDevice({ result: { device, settings, runtime } }: StoredRun): string {
  const name = device.kind === "host" ? hostname() : device.name;
  const threads = settings.threads === 1 ? "1 thread" : `${settings.threads} threads`;
  return [name, threads, ...(runtime.name === FIRST_RUNTIME ? [] : [runtime.name])].join(", ");
}

/** What only phones can do is kept for the next one, but asked of none else. */
function optionsFor(device: string, options: RunOptions): RunOptions {
  if (device !== HOST_DEVICE) return options;
  const {
    cores: _cores,
    fixedPerformance: _fixed,
    measuresEnergy: _energy,
    delegate: _delegate,
    delegateLibrary: _library,
    runtime,
    ...everywhere
  } = options;
  return runtime === undefined || runtime === "webgpu" ? everywhere : { ...everywhere, runtime };
}
