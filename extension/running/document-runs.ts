import { randomUUID } from "node:crypto";
import {
  DEFAULT_RUNS,
  DEFAULT_WARM_UP_RUNS,
  type RunOptions,
  type TargetProgress,
} from "../../profiler/device/target.ts";
import type { RunResult } from "../../profiler/device/run-result.ts";
import type { DeviceList, KeptRun, RunningState, RunsState } from "../../webview/protocol-running.ts";
import { HOST_DEVICE } from "../worker/measuring-types.ts";
import { RpcError, toFailure, type Failure } from "../../webview/rpc.ts";

export interface RunsHost {
  /** @throws {RpcError} with the reason when nothing was measured */
  measure(device: string, options: RunOptions, signal: AbortSignal): Promise<RunResult>;
  devices(): DeviceList;
  /** Labels of the edits in force. */
  edits(): readonly string[];
  /** Of the shown model, seconds. */
  estimate(): number | null;
  load(): Promise<readonly KeptRun[]>;
  keep(runs: readonly KeptRun[]): Promise<void>;
  onState(state: RunsState): void;
}

/** The measured runs of one model: those that are kept, the one under way, and the one that stands beside the estimates. */
export class DocumentRuns {
  readonly #host: RunsHost;
  #options: RunOptions = { warmUpRuns: DEFAULT_WARM_UP_RUNS, runs: DEFAULT_RUNS };
  #runs: readonly KeptRun[] = [];
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
      runs: this.#runs,
      shown: this.#shown,
    };
  }

  /** The run whose times are shown. */
  get shown(): KeptRun | undefined {
    return this.#runs.find(({ id }) => id === this.#shown);
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
    if (this.#run) throw new RpcError({ code: "busy", message: "A run is under way." });
    const { chosen, devices } = this.#host.devices();
    const deviceName = devices.find(({ id }) => id === chosen)?.name ?? chosen;
    const run = new AbortController();
    this.#run = run;
    const [edits, estimate] = [this.#host.edits(), this.#host.estimate()];
    this.#failure = null;
    this.#running = { device: chosen, deviceName, progress: { phase: "preparing" } };
    this.tell();
    try {
      await this.load();
      const result = await this.#host.measure(chosen, optionsFor(chosen, this.#options), run.signal);
      const kept: KeptRun = { id: randomUUID(), result, edits, estimate };
      this.#runs = [kept, ...this.#runs];
      this.#shown = kept.id;
      await this.#host.keep(this.#runs);
      return result;
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
    this.#running = { ...this.#running, progress };
    this.tell();
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
}

/** What only phones can do is kept for the next one, but asked of none else. */
function optionsFor(device: string, options: RunOptions): RunOptions {
  if (device !== HOST_DEVICE) return options;
  const { cores: _cores, measuresEnergy: _energy, ...everywhere } = options;
  return everywhere;
}
