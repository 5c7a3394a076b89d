import { hostname } from "node:os";
import { isDeepStrictEqual } from "node:util";
import * as vscode from "vscode";
import { RunQueue } from "../../profiler/device/run-queue.ts";
import type { DeviceFacts } from "../../profiler/device/target.ts";
import type { DeviceList, ListedDevice } from "../../webview/protocol-running.ts";
import { toFailure, type Failure } from "../../webview/rpc.ts";
import { log } from "../log.ts";
import { EngineWorker } from "../worker/engine-worker.ts";
import { HOST_DEVICE, type ConnectedDevices, type DeviceAddress } from "../worker/measuring-types.ts";

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
  readonly #facts = new Map<string, DeviceFacts>();
  #connected: ConnectedDevices = { devices: [], problem: null };
  #watch: AbortController | undefined;
  #isListed = false;
  #used: ListedDevice | undefined;
  #runs = 0;
  readonly #host = new RunQueue();
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChange = this.#changes.event;

  /** @param workerScript path of the worker's bundle */
  constructor(workerScript: string, memory: DeviceMemory) {
    this.#memory = memory;
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
    const { devices, problem } = this.#connected;
    const all = [hostDevice(), ...devices, ...this.#unplugged()].map((device) => this.#withFacts(device));
    return { devices: all, problem, chosen: this.#chosenAmong(all), hasBenchmarkModel: benchmarkModel() !== "" };
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
    if (this.#isListed || this.#memory.get(KEY) === HOST_DEVICE) return this.list;
    this.start();
    await new Promise<void>((resolve) => {
      const listener = this.onDidChange(() => this.#isListed && end());
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
    this.#used = undefined;
    this.#use();
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
    this.#isListed = false;
    this.#worker.dispose();
    this.start();
  }

  /** The phone in use, while it is away: a run must not go somewhere else because a cable came loose. */
  #unplugged(): readonly ListedDevice[] {
    const used = this.#used;
    if (used === undefined || this.#connected.devices.some(({ id }) => id === used.id)) return [];
    const message = vscode.l10n.t("{0} is not connected any more.", used.name);
    const hint = vscode.l10n.t("Plug it in again, or choose another device.");
    return [{ ...used, problem: { code: "device", message, hint } }];
  }

  #receive(connected: ConnectedDevices): void {
    // Without adb the same problem is told each second.
    if (this.#isListed && isDeepStrictEqual(connected, this.#connected)) return;
    this.#connected = connected;
    this.#isListed = true;
    this.#use();
    const present = new Set([HOST_DEVICE, ...connected.devices.map(({ id }) => id)]);
    for (const known of this.#facts.keys()) if (!present.has(known)) this.#facts.delete(known);
    this.#changes.fire(this.list);
    this.#refresh();
  }

  #refresh(): void {
    if (this.#runs > 0) return;
    for (const { id, problem } of this.#connected.devices) if (problem === null) void this.#ask(id);
  }

  async #ask(device: string): Promise<void> {
    try {
      this.#facts.set(device, await this.#worker.request("describeDevice", this.addressOf(device)));
      this.#use();
      this.#changes.fire(this.list);
    } catch (error) {
      log().warn(`${device}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Remembers the phone that runs go to, by the name that it has at the moment. */
  #use(): void {
    const { devices, chosen } = this.list;
    const device = devices.find(({ id }) => id === chosen);
    if (device && device.id !== HOST_DEVICE && device.problem === null) this.#used = { ...device, facts: null };
  }

  #withFacts(device: ListedDevice): ListedDevice {
    const facts = this.#facts.get(device.id);
    if (!facts) return device;
    return { ...device, facts, name: facts.kind === "host" ? device.name : facts.name };
  }

  /** The last chosen one, where it is there; else the first phone that is ready, else this machine. */
  #chosenAmong(devices: readonly ListedDevice[]): string {
    const kept = this.#memory.get(KEY);
    const known = devices.find(({ id }) => id === kept) ?? devices.find(({ id }) => id === this.#used?.id);
    if (known) return known.id;
    return devices.find(({ id, problem }) => id !== HOST_DEVICE && problem === null)?.id ?? HOST_DEVICE;
  }
}

function hostDevice(): ListedDevice {
  return { id: HOST_DEVICE, name: vscode.l10n.t("This machine ({0})", hostname()), facts: null, problem: null };
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
