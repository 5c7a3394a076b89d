import { isDeepStrictEqual } from "node:util";
import type { DeviceFacts } from "../../profiler/device/target.ts";
import type { DeviceList, ListedDevice } from "../../webview/protocol/running.ts";
import type { Failure } from "../../webview/protocol/rpc.ts";
import { HOST_DEVICE, type ConnectedDevices } from "../worker/measuring-types.ts";

/** What the deviceList says in the user's language. */
export interface DeviceListTexts {
  /** "This machine (name)" */
  readonly host: string;
  /** Of the phone in use, while it is away. */
  readonly unplugged: (name: string) => Failure;
}

/** Which devices there are, which of them runs go to, and what each says of itself. */
export class AttachedDeviceList {
  readonly #texts: DeviceListTexts;
  readonly #facts = new Map<string, DeviceFacts>();
  #connected: ConnectedDevices = { devices: [], problem: null };
  #isListed = false;
  /** The phone that runs go to, by the name that it had when it was last there. */
  #used: ListedDevice | undefined;
  /** What the user chose last, maybe in another session. */
  #kept: string | undefined;

  constructor(texts: DeviceListTexts, kept: string | undefined) {
    this.#texts = texts;
    this.#kept = kept;
  }

  get list(): Omit<DeviceList, "hasBenchmarkModel"> {
    const { devices, problem } = this.#connected;
    const host: ListedDevice = { id: HOST_DEVICE, name: this.#texts.host, facts: null, problem: null };
    const all = [host, ...devices, ...this.#unplugged()].map((device) => this.#withFacts(device));
    return { devices: all, problem, chosen: this.#chosenAmong(all) };
  }

  /** Whether adb has told what is connected, or why it cannot. */
  get isListed(): boolean {
    return this.#isListed;
  }

  /** Phones that can be asked. */
  get ready(): readonly string[] {
    return this.#connected.devices.flatMap(({ id, problem }) => (problem === null ? [id] : []));
  }

  /** @returns whether that is news: without adb the same problem is told each second */
  receive(connected: ConnectedDevices): boolean {
    if (this.#isListed && isDeepStrictEqual(connected, this.#connected)) return false;
    this.#connected = connected;
    this.#isListed = true;
    this.#use();
    const present = new Set([HOST_DEVICE, ...connected.devices.map(({ id }) => id)]);
    for (const known of this.#facts.keys()) if (!present.has(known)) this.#facts.delete(known);
    return true;
  }

  describe(device: string, facts: DeviceFacts): void {
    this.#facts.set(device, facts);
    this.#use();
  }

  choose(device: string): void {
    this.#kept = device;
    this.#used = undefined;
    this.#use();
  }

  /** Another adb is to tell what is connected. */
  startAnew(): void {
    this.#isListed = false;
  }

  /** A run must not go somewhere else because a cable came loose. */
  #unplugged(): readonly ListedDevice[] {
    const used = this.#used;
    if (used === undefined || this.#connected.devices.some(({ id }) => id === used.id)) return [];
    return [{ ...used, problem: this.#texts.unplugged(used.name) }];
  }

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
    const known = devices.find(({ id }) => id === this.#kept) ?? devices.find(({ id }) => id === this.#used?.id);
    if (known) return known.id;
    return devices.find(({ id, problem }) => id !== HOST_DEVICE && problem === null)?.id ?? HOST_DEVICE;
  }
}
