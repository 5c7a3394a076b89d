import { spawn } from "node:child_process";
import { AdbServerClient } from "@yume-chan/adb";
import { DeviceError } from "../device-error.ts";
import { AdbDevice } from "./adb-device.ts";
import { ClosingConnector, type ServerAddress } from "./closing-connector.ts";
import { findAdb } from "./find-adb.ts";
import { within } from "../interruption.ts";
import { chooseDevice, parseDeviceList, selectorOf, type ListedDevice } from "./listed-device.ts";
import { pause } from "./pause.ts";
import { TrackingClient } from "./tracking-client.ts";

export interface AdbOptions {
  /** The user's adb server; where adb itself looks when left out. */
  readonly address?: ServerAddress;
  /** The adb that starts the server; found in the usual places when left out. */
  readonly adbPath?: string;
}

const DEFAULT_PORT = 5037;
/** Answers of the server itself come at once. */
const ANSWER_SECONDS = 10;
/** A cold start on a slow machine, its wait for USB included. */
const START_SECONDS = 30;
/** Wireless debugging over a bad network. */
const CONNECT_SECONDS = 20;
const RETRY_SECONDS = 1;

/** The user's own adb server. It is started when it is not running, and never stopped: it is not ours. */
export class AdbServer {
  readonly address: ServerAddress;
  readonly #client: TrackingClient;
  readonly #adbPath: string | undefined;

  constructor({ address = serverAddress(process.env), adbPath }: AdbOptions = {}) {
    this.address = address;
    this.#adbPath = adbPath;
    this.#client = new TrackingClient(new ClosingConnector(address));
  }

  /**
   * Devices of all states, ready or not.
   * @throws {DeviceError} when there is no server and no adb to start it
   */
  async devices(signal?: AbortSignal): Promise<readonly ListedDevice[]> {
    await this.#ensureRunning(signal);
    const answer = await within("listing devices", ANSWER_SECONDS, signal, (ending) =>
      this.#client.ask("host:devices-l", ending),
    );
    return parseDeviceList(answer);
  }

  /**
   * Tells the devices now and whenever they change, until the signal aborts. A server that was restarted is found again.
   * @param onTrouble gets why there is no list at the moment; devices follow when there is one again
   */
  async track(
    onDevices: (devices: readonly ListedDevice[]) => void,
    signal: AbortSignal,
    onTrouble: (error: DeviceError) => void = () => undefined,
  ): Promise<void> {
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      try {
        await this.#ensureRunning(signal);
        await this.#client.follow(onDevices, signal);
      } catch (error) {
        if (!isOver()) onTrouble(error instanceof DeviceError ? error : serverGone(error));
      }
      await pause(RETRY_SECONDS, signal).catch(() => undefined);
    }
  }

  /**
   * A device that is ready: the one of this serial, or the only one.
   * @throws {DeviceError} with what to do, when there is none
   */
  async open(serial?: string, signal?: AbortSignal): Promise<AdbDevice> {
    const chosen = chooseDevice(await this.devices(signal), serial);
    try {
      return await within(`reaching ${chosen.serial}`, ANSWER_SECONDS, signal, async (ending) => {
        const connector = new ClosingConnector(this.address, ending);
        const adb = await new TrackingClient(connector).createAdb(selectorOf(chosen));
        return new AdbDevice(adb, chosen.serial, () => connector.close());
      });
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof DeviceError) throw cause;
      throw new DeviceError("gone", `${chosen.serial} cannot be reached: ${messageOf(cause)}`, {
        hint: "Unplug it and plug it in again, and answer what it asks",
        cause,
      });
    }
  }

  /**
   * Wireless debugging.
   * @param address "192.168.1.7:5555"
   * @throws {DeviceError} when nothing answers there
   */
  async connect(address: string, signal?: AbortSignal): Promise<void> {
    await this.#ensureRunning(signal);
    try {
      await within(`connecting to ${address}`, CONNECT_SECONDS, signal, (ending) =>
        new AdbServerClient(new ClosingConnector(this.address, ending)).wireless.connect(address),
      );
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof AdbServerClient.AlreadyConnectedError) return;
      throw new DeviceError("gone", `${address} cannot be reached: ${messageOf(cause)}`, {
        hint: "Pair it first with adb pair, and take address and port from the phone's wireless debugging page",
        cause,
      });
    }
  }

  /** Ends the server, as `adb kill-server` does: for tests, whose servers are their own. */
  async stop(): Promise<void> {
    await this.#client.killServer();
  }

  async #ensureRunning(signal: AbortSignal | undefined): Promise<void> {
    if (await this.#isRunning(signal)) return;
    const { host, port } = this.address;
    if (!isLoopback(host))
      throw new DeviceError("no-server", `no adb server answers at ${host}:${port}`, {
        hint: "Start one on that machine with adb -a nodaemon server start",
      });
    const adb = this.#adbPath ?? (await findAdb());
    if (adb === undefined)
      throw new DeviceError("no-adb", "adb is not installed on this machine", {
        hint: "Install Android's platform tools (Debian and Ubuntu: apt install adb), or name adb in the setting edgewise.adbPath",
      });
    await startServer(adb, port, signal);
  }

  async #isRunning(signal: AbortSignal | undefined): Promise<boolean> {
    try {
      await within("asking the adb server", ANSWER_SECONDS, signal, (ending) =>
        this.#client.ask("host:version", ending),
      );
      return true;
    } catch (error) {
      signal?.throwIfAborted();
      if (isRefused(error)) return false;
      const { host, port } = this.address;
      throw new DeviceError("no-server", `what answers at ${host}:${port} is not an adb server: ${messageOf(error)}`, {
        hint: "End the program that has that port, or name another one in ANDROID_ADB_SERVER_PORT",
        cause: error,
      });
    }
  }
}

/** Where adb's own environment variables say that its server is. */
export function serverAddress(env: Readonly<Record<string, string | undefined>>): ServerAddress {
  const [, host, port] = /^tcp:(?:(.*):)?(\d+)$/.exec(env.ADB_SERVER_SOCKET ?? "") ?? [];
  if (port !== undefined) return { host: host === undefined || host === "" ? "127.0.0.1" : host, port: Number(port) };
  const named = Number(env.ANDROID_ADB_SERVER_PORT);
  return {
    host: env.ANDROID_ADB_SERVER_ADDRESS ?? "127.0.0.1",
    port: Number.isInteger(named) && named > 0 && named < 65536 ? named : DEFAULT_PORT,
  };
}

/** The daemon that adb leaves behind may hold its pipes: what counts is that adb itself ends. */
async function startServer(adb: string, port: number, signal: AbortSignal | undefined): Promise<void> {
  await within("starting the adb server", START_SECONDS, signal, (ending) => {
    const child = spawn(adb, ["-P", String(port), "start-server"], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    ending.addEventListener("abort", () => child.kill());
    return new Promise<void>((resolve, reject) => {
      const fail = (reason: string): void =>
        reject(
          new DeviceError("no-server", `${adb} could not start its server: ${reason}`, {
            hint: "Run adb start-server in a terminal to see more, or name another adb in the setting edgewise.adbPath",
          }),
        );
      child.on("error", (error) => fail(messageOf(error)));
      child.on("exit", (code) => (code === 0 ? resolve() : fail(said.trim() || `exit code ${code ?? "none"}`)));
    }).finally(() => child.stderr.destroy());
  });
}

function serverGone(cause: unknown): DeviceError {
  return new DeviceError("no-server", `the adb server does not answer any more: ${messageOf(cause)}`, {
    hint: "Edgewise looks for it again by itself; adb start-server starts one at once",
    cause,
  });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ").trim();
}
