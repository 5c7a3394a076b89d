import { DEFAULT_RUNS, DEFAULT_WARM_UP_RUNS, type RunOptions } from "../../profiler/device/target.ts";
import type { KeptRun, OtherRun, RunningContract, RunsState } from "../protocol/running.ts";
import type { Listeners } from "../protocol/rpc.ts";
import type { HostRpc } from "./editing-client.ts";
import { Store } from "./store.ts";

const NO_RUNS: RunsState = {
  devices: { devices: [], problem: null, chosen: "host", hasBenchmarkModel: false },
  options: { warmUpRuns: DEFAULT_WARM_UP_RUNS, runs: DEFAULT_RUNS },
  running: null,
  failure: null,
  runs: [],
  shown: null,
};

/** The page's end of running the model on devices. */
export class RunningClient {
  readonly state = new Store<RunsState>(NO_RUNS);
  readonly #host: () => HostRpc;

  readonly listeners: Listeners<RunningContract> = {
    runs: (state) => this.state.set(state),
    running: (running) => this.state.set({ ...this.state.value, running }),
  };

  constructor(host: () => HostRpc) {
    this.#host = host;
  }

  async watchDevices(): Promise<void> {
    await this.#host().request("watchDevices", null);
  }

  async chooseDevice(device: string): Promise<void> {
    await this.#host().request("chooseDevice", { device });
  }

  async setOptions(options: RunOptions): Promise<void> {
    await this.#host().request("setRunOptions", { options });
  }

  /** @throws {RpcError} with the reason when nothing was measured */
  async start(): Promise<void> {
    await this.#host().request("startRun", null);
  }

  /** The same with several numbers of threads. */
  async sweepThreads(): Promise<void> {
    await this.#host().request("sweepThreads", null);
  }

  async cancel(): Promise<void> {
    await this.#host().request("cancelRun", null);
  }

  /** null: the table has no measured times. */
  async show(run: string | null): Promise<void> {
    await this.#host().request("showRun", { run });
  }

  async delete(run: string): Promise<void> {
    await this.#host().request("deleteRun", { run });
  }

  /** Of the workspace's other models. */
  listOthers(): Promise<readonly OtherRun[]> {
    return this.#host().request("listOtherRuns", null);
  }

  readOther(run: string): Promise<KeptRun | null> {
    return this.#host().request("readOtherRun", { run });
  }

  async learnLatency(): Promise<void> {
    await this.#host().request("learnLatency", null);
  }

  async cleanUp(): Promise<void> {
    await this.#host().request("cleanUpDevice", null);
  }
}
