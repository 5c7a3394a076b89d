import { hostname } from "node:os";
import * as vscode from "vscode";
import { RunQueue } from "../../profiler/device/run-queue.ts";
import type { DeviceList } from "../../webview/protocol/running.ts";
import { toFailure, type Failure } from "../../webview/protocol/rpc.ts";
import { log } from "../log.ts";
import { EngineWorker } from "../worker/engine-worker.ts";
import { HOST_DEVICE, type ConnectedDevices, type DeviceAddress } from "../worker/measuring-types.ts";
import { AttachedDeviceList } from "./device-list.ts";

export interface DeviceMemory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = "edgewise.device";

/** Battery and temperature change slowly; asking a phone more often would warm it. */
const FACTS_MILLISECONDS = 30_000;

/** A server that has to be started first takes some seconds; after this a run goes where it can. */
const LISTING_MILLISECONDS = 15_000;

/** The devices that models can be run on, as they come and go. Nobody asks adb before somebody wants to see them. */
export class DeviceWatch implements vscode.Disposable {
  readonly #changes = new vscode.EventEmitter<DeviceList>();
  readonly #memory: DeviceMemory;
  readonly #worker: EngineWorker;
  readonly #settings: vscode.Disposable;
  readonly #deviceList: AttachedDeviceList;
  #watch: AbortController | undefined;
  #runs = 0;
  readonly #host = new RunQueue();
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChange = this.#changes.event;

  /** @param workerScript path of the worker's bundle */
  constructor(workerScript: string, memory: DeviceMemory) {
    this.#memory = memory;
    const kept = memory.get(KEY);
    const host = vscode.l10n.t("This machine ({0})", hostname());
    this.#deviceList = new AttachedDeviceList({ host, unplugged }, typeof kept === "string" ? kept : undefined);
    this.#worker = new EngineWorker(workerScript, {
      handlers: { readRemote: refuse, sizeOfRemote: refuse },
      listeners: { devices: (connected) => this.#receive(connected) },
      isKept: () => this.#watch !== undefined,
    });
    this.#settings = vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("edgewise.adbPath") && this.#watch) this.#restart();
      if (change.affectsConfiguration("edgewise.benchmarkModelPath")) this.#changes.fire(this.list);
    });
  }

  get list(): DeviceList {
    return { ...this.#deviceList.list, hasBenchmarkModel: benchmarkModel() !== "" };
  }

  /** Starts to follow what is connected; a second call does nothing. */
  start(): void {
    if (this.#watch) return;
    const watch = new AbortController();
    this.#watch = watch;
    this.#worker.request("watchDevices", { adbPath: adbPath() }, watch.signal).catch((error: unknown) => {
      if (watch.signal.aborted) return;
      this.#receive({ devices: [], problem: withoutStack(toFailure(error)) });
    });
    void this.#ask(HOST_DEVICE);
    this.#timer = setInterval(() => this.#refresh(), FACTS_MILLISECONDS).unref();
  }

  /** The list, once adb has told what is connected. Who runs on this machine does not wait for adb, and does not start it. */
  async whenListed(): Promise<DeviceList> {
    if (this.#deviceList.isListed || this.#memory.get(KEY) === HOST_DEVICE) return this.list;
    this.start();
    await new Promise<void>((resolve) => {
      const listener = this.onDidChange(() => this.#deviceList.isListed && end());
      const timer = setTimeout(() => end(), LISTING_MILLISECONDS);
      const end = (): void => {
        clearTimeout(timer);
        listener.dispose();
        resolve();
      };
    });
    return this.list;
  }

  /**
   * While something is measured no device is asked how it is: that would be measured too. Runs on this machine are one at a time, whatever
   * document they are of; phones see to that themselves.
   * @param onWait is told when another run is under way
   * @throws the signal's reason when it aborts while waiting
   */
  async measure<T>(device: string, signal: AbortSignal, onWait: () => void, measuring: () => Promise<T>): Promise<T> {
    this.#runs += 1;
    try {
      return await (device === HOST_DEVICE ? this.#host.take(signal, onWait, measuring) : measuring());
    } finally {
      this.#runs -= 1;
      this.#refresh();
    }
  }

  async choose(device: string): Promise<void> {
    await this.#memory.update(KEY, device);
    this.#deviceList.choose(device);
    this.#changes.fire(this.list);
  }

  /** @throws {RpcError} when nothing answers there */
  async connect(address: string): Promise<void> {
    this.start();
    await this.#worker.request("connectDevice", { adbPath: adbPath(), address });
  }

  /** @throws {RpcError} when the phone cannot be reached */
  async cleanUp(device: string): Promise<void> {
    await this.#worker.request("cleanUpDevice", this.addressOf(device));
  }

  addressOf(device: string): DeviceAddress {
    return { device, adbPath: adbPath(), benchmarkModel: benchmarkModel() };
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#watch?.abort();
    this.#watch = undefined;
    this.#settings.dispose();
    this.#worker.dispose();
    this.#changes.dispose();
  }

  #restart(): void {
    clearInterval(this.#timer);
    this.#watch?.abort();
    this.#watch = undefined;
    this.#deviceList.startAnew();
    this.#worker.dispose();
    this.start();
  }

  #receive(connected: ConnectedDevices): void {
    if (!this.#deviceList.receive(connected)) return;
    this.#changes.fire(this.list);
    this.#refresh();
  }

  #refresh(): void {
    if (this.#runs > 0) return;
    for (const device of this.#deviceList.ready) void this.#ask(device);
  }

  async #ask(device: string): Promise<void> {
    try {
      this.#deviceList.describe(device, await this.#worker.request("describeDevice", this.addressOf(device)));
      this.#changes.fire(this.list);
    } catch (error) {
      log().warn(`${device}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function unplugged(name: string): Failure {
  return {
    code: "device",
    message: vscode.l10n.t("{0} is not connected any more.", name),
    hint: vscode.l10n.t("Plug it in again, or choose another device."),
  };
}

function adbPath(): string {
  return vscode.workspace.getConfiguration("edgewise").get("adbPath", "");
}

function benchmarkModel(): string {
  return vscode.workspace.getConfiguration("edgewise").get("benchmarkModelPath", "");
}

function withoutStack({ stack: _stack, ...failure }: Failure): Failure {
  return failure;
}

function refuse(): never {
  throw new Error("A thread that watches devices reads no files.");
}
