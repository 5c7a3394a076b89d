import type { Conditions, ConditionsSample } from "../../run-result.ts";
import type { DeviceFacts } from "../../target.ts";
import type { AdbDevice } from "../adb-device.ts";
import { parseBattery } from "./battery.ts";
import { bigCores, CLOCKS_COMMAND, FREQUENCIES_COMMAND, parseClocks, parseFrequencies } from "./frequencies.ts";
import { parseAvailableMemory, parseFreeSpace, parseTotalMemory } from "./memory-and-space.ts";
import {
  androidVersion,
  apiLevel,
  EMULATOR,
  instructionSets,
  parseProperties,
  phoneName,
  systemOnChip,
} from "./properties.ts";
import { askAll } from "./sections.ts";
import { parseThermal, type ThermalState } from "./thermal.ts";

/** Where anybody may put files and run them, and nobody else's are in the way. */
export const PHONE_TEMPORARY = "/data/local/tmp";

const STATE_COMMANDS = {
  battery: "dumpsys battery",
  thermal: "dumpsys thermalservice",
  frequencies: FREQUENCIES_COMMAND,
};

/** What a phone is and how it is, in one exchange. */
export async function readPhoneFacts(device: AdbDevice, signal?: AbortSignal): Promise<DeviceFacts> {
  const answers = await askAll(
    device,
    { ...STATE_COMMANDS, properties: "getprop", memory: "cat /proc/meminfo", space: `df -k ${PHONE_TEMPORARY}` },
    signal,
  );
  const properties = parseProperties(answers.properties);
  const battery = parseBattery(answers.battery);
  const cores = parseFrequencies(answers.frequencies);
  const name = phoneName(properties) ?? device.serial;
  return {
    kind: "android",
    serial: device.serial,
    name: device.isEmulator && !name.endsWith(EMULATOR) ? `${name}${EMULATOR}` : name,
    system: androidVersion(properties) ?? "Android",
    soc: systemOnChip(properties),
    abis: instructionSets(properties),
    cores: cores.length === 0 ? null : cores.length,
    memoryBytes: parseTotalMemory(answers.memory),
    freeBytes: parseFreeSpace(answers.space),
    battery,
    celsius: hottest(parseThermal(answers.thermal)) ?? battery?.celsius ?? null,
    apiLevel: apiLevel(properties),
    availableBytes: parseAvailableMemory(answers.memory),
    bigCores: bigCores(cores),
  };
}

/** What changes while a model runs. */
export async function readConditions(device: AdbDevice, signal?: AbortSignal): Promise<Conditions> {
  const answers = await askAll(device, STATE_COMMANDS, signal);
  const { status, temperatures } = parseThermal(answers.thermal);
  return {
    thermalStatus: status,
    temperatures: temperatures.map(({ sensor, celsius }) => ({ sensor, celsius })),
    cores: parseFrequencies(answers.frequencies),
    battery: parseBattery(answers.battery),
  };
}

/** What is looked at while a model runs: two processes, so that it is hardly disturbed. */
export async function readSample(device: AdbDevice, signal?: AbortSignal): Promise<Omit<ConditionsSample, "seconds">> {
  const commands = { clocks: CLOCKS_COMMAND, thermal: STATE_COMMANDS.thermal };
  const { clocks, thermal } = await askAll(device, commands, signal);
  const { status, temperatures } = parseThermal(thermal);
  const degrees = temperatures.map(({ celsius }) => celsius);
  return {
    thermalStatus: status,
    celsius: degrees.length === 0 ? null : Math.max(...degrees),
    cores: parseClocks(clocks),
  };
}

/** The hottest core's temperature, where the phone tells one. */
function hottest({ temperatures }: ThermalState): number | null {
  const processors = temperatures.filter(({ isProcessor }) => isProcessor).map(({ celsius }) => celsius);
  return processors.length === 0 ? null : Math.max(...processors);
}
