import type { Command } from "commander";
import {
  AndroidTarget,
  DeviceError,
  HostTarget,
  isReady,
  whyNotReady,
  type AdbListedDevice,
  type AdbServer,
  type DeviceFacts,
} from "../../device/index.ts";
import { printable } from "../../exports/printable.ts";
import { plainTable } from "../../exports/terminal.ts";
import { formatBytes, formatShare } from "../../format-numbers.ts";
import { addAdbOption, adbServer, HOST, type AdbOptions } from "../choose-target.ts";
import type { CliContext } from "../context.ts";
import { jsonText } from "../../exports/json-text.ts";

interface DevicesCommandOptions extends AdbOptions {
  readonly json?: true;
}

/** `edgewise devices`: what models can be run on, and what to do about devices that are not ready. */
export function addDevicesCommand(program: Command, context: CliContext): void {
  const command = program
    .command("devices")
    .description("list the devices that models can be run on")
    .option("--json", "write JSON");
  addAdbOption(command).action(async (options: DevicesCommandOptions) => {
    const host: DeviceJson = { device: HOST, state: "device", facts: await new HostTarget().describe(), problem: null };
    const { devices, problem } = await connected(adbServer(options));
    const all = [host, ...devices];
    context.write(
      options.json ? jsonText({ schema: 1, devices: all, problem } satisfies DevicesJson) : report(all, problem),
    );
  });
}

interface DevicesJson {
  readonly schema: 1;
  readonly devices: readonly DeviceJson[];
  /** Why adb lists no phones; null when it does. */
  readonly problem: Problem | null;
}

interface DeviceJson {
  /** What `--device` takes. */
  readonly device: string;
  /** adb's word: "device" is ready. */
  readonly state: string;
  readonly facts: DeviceFacts | null;
  /** Why nothing can be run on it. */
  readonly problem: Problem | null;
}

interface Problem {
  readonly message: string;
  readonly hint: string | null;
}

/** A machine without adb, or without a phone, is no failure: it has itself. */
async function connected(server: AdbServer): Promise<Pick<DevicesJson, "devices" | "problem">> {
  try {
    const listed = await server.devices();
    const devices = await Promise.all(listed.map((device) => describe(server, device)));
    if (devices.length > 0) return { devices, problem: null };
    const hint = "Plug a phone in and turn on USB debugging in its developer options";
    return { devices, problem: { message: "no phone is connected", hint } };
  } catch (error) {
    return { devices: [], problem: problemOf(error) };
  }
}

async function describe(server: AdbServer, device: AdbListedDevice): Promise<DeviceJson> {
  const { serial, state } = device;
  if (!isReady(device)) {
    const { message, hint } = whyNotReady(device) ?? { message: state, hint: "" };
    return { device: serial, state, facts: null, problem: { message, hint } };
  }
  try {
    const facts = await new AndroidTarget(server, { serial }).describe();
    return { device: serial, state, facts, problem: null };
  } catch (error) {
    return { device: serial, state, facts: null, problem: problemOf(error) };
  }
}

function problemOf(error: unknown): Problem {
  if (!(error instanceof DeviceError)) throw error;
  return { message: error.message, hint: error.hint ?? null };
}

const COLUMNS: readonly (readonly [title: string, text: (facts: DeviceFacts) => string])[] = [
  ["Name", ({ name }) => name],
  ["System", ({ system }) => system],
  ["SoC", ({ soc }) => soc ?? ""],
  ["ABIs", ({ abis }) => abis.join(", ")],
  ["Cores", ({ cores }) => String(cores ?? "")],
  ["Memory", ({ memoryBytes }) => (memoryBytes === null ? "" : formatBytes(memoryBytes))],
  ["Free", ({ freeBytes }) => (freeBytes === null ? "" : formatBytes(freeBytes))],
  ["Battery", ({ battery }) => (typeof battery?.level === "number" ? formatShare(battery.level) : "")],
  ["Temperature", ({ celsius }) => (celsius === null ? "" : `${celsius.toFixed(0)} °C`)],
];

function report(devices: readonly DeviceJson[], problem: Problem | null): string {
  const rows = devices.flatMap(({ device, facts }) =>
    facts === null ? [] : [[device, ...COLUMNS.map(([, text]) => text(facts))]],
  );
  const head = ["Device", ...COLUMNS.map(([title]) => title)];
  const alignments = head.map((title) => ({ align: NUMBERS.has(title) ? ("right" as const) : ("left" as const) }));
  const troubles = devices.flatMap(({ device, problem: own }) => (own === null ? [] : [[`${device}: `, own] as const]));
  const lines = [...troubles, ...(problem === null ? [] : [["", problem] as const])].map(
    ([of, { message, hint }]) => `${of}${message}${hint === null ? "" : `. ${hint}`}`,
  );
  const table = plainTable(
    [head, ...rows].map((row) => row.map(printable)),
    alignments,
  );
  return `${[table, ...(lines.length > 0 ? ["", ...lines.map(printable)] : [])].join("\n")}\n`;
}

const NUMBERS: ReadonlySet<string> = new Set(["Cores", "Memory", "Free", "Battery", "Temperature"]);
