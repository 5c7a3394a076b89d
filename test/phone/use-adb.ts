import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AdbServer } from "../../profiler/device/adb/adb-server.ts";
import { skip } from "../skip.ts";
import { endProcess } from "./end-process.ts";
import { preparePhones } from "./prepare.mjs";
import { freePort, TestPhone, type PhoneOptions } from "./test-phone.ts";

/** debootstrap and the first build of the runner. */
const PREPARATION_MILLISECONDS = 300_000;

/** An adb server of a suite's own, with phones that are stopped with it. */
export interface Adb {
  readonly server: AdbServer;
  readonly port: number;
  /** A new phone, connected. */
  phone(options?: PhoneOptions): Promise<TestPhone>;
  /** Connects one that was plugged in again. */
  reconnect(phone: TestPhone): Promise<void>;
  stop(phone: TestPhone): Promise<void>;
  /** Closes the connection to a phone, whose daemon lives on, as a pulled cable does. */
  disconnect(phone: TestPhone): void;
  /** `adb kill-server`, and a new server afterwards. */
  restart(): Promise<void>;
}

/** Starts a real adb server for a `describe`, away from the user's own; skips it where a phone cannot be played. */
export function useAdb(): () => Adb {
  let adb: RunningAdb | undefined;
  before(async function () {
    this.timeout(PREPARATION_MILLISECONDS);
    const reason = preparePhones();
    if (reason !== undefined) skip(this, reason);
    adb = await RunningAdb.start();
  });
  after(async function () {
    this.timeout(30_000);
    await adb?.end();
  });
  return () => {
    if (adb === undefined) throw new Error("the adb server is not started");
    return adb;
  };
}

/** For programs that are no tests; `end` it. */
export function startAdb(): Promise<Adb & { end(): Promise<void> }> {
  return RunningAdb.start();
}

class RunningAdb implements Adb {
  readonly server: AdbServer;
  readonly #phones = new Set<TestPhone>();

  private constructor(
    readonly port: number,
    private child: ChildProcess,
    private readonly home: string,
  ) {
    this.server = new AdbServer({ address: { host: "127.0.0.1", port }, adbPath: "adb" });
  }

  static async start(): Promise<RunningAdb> {
    const port = await freePort();
    const home = mkdtempSync(join(tmpdir(), "edgewise-adb-"));
    const child = await startServer(port, home);
    return new RunningAdb(port, child, home);
  }

  disconnect({ serial }: TestPhone): void {
    spawnSync("adb", ["-P", String(this.port), "disconnect", serial]);
  }

  async restart(): Promise<void> {
    spawnSync("adb", ["-P", String(this.port), "kill-server"]);
    await endProcess(this.child);
    this.child = await startServer(this.port, this.home);
  }

  async phone(options?: PhoneOptions): Promise<TestPhone> {
    const phone = await TestPhone.start(options);
    this.#phones.add(phone);
    await this.reconnect(phone);
    return phone;
  }

  async reconnect(phone: TestPhone): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      await this.server.connect(phone.serial).catch(() => undefined);
      const devices = await this.server.devices();
      if (devices.some(({ serial, state }) => serial === phone.serial && state === "device")) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${phone.serial} does not come up`);
  }

  async stop(phone: TestPhone): Promise<void> {
    this.#phones.delete(phone);
    await phone.stop();
  }

  async end(): Promise<void> {
    for (const phone of this.#phones) await phone.stop();
    await endProcess(this.child);
    rmSync(this.home, { recursive: true, force: true });
  }
}

async function startServer(port: number, home: string): Promise<ChildProcess> {
  const env = { ...process.env, HOME: home, ADB_LOCAL_TRANSPORT_MAX_PORT: "5554", ADB_MDNS: "0" };
  const child = spawn("adb", ["-P", String(port), "nodaemon", "server"], { env, stdio: "ignore" });
  await answers(port);
  return child;
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the adb server does not start");
}
