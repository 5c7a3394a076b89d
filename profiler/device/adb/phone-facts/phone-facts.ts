import type { Conditions } from "../../run-result.ts";
import type { DeviceFacts } from "../../target.ts";
import type { AdbDevice } from "../adb-device.ts";
import { parseBattery } from "./battery.ts";
import { FREQUENCIES_COMMAND, parseFrequencies } from "./frequencies.ts";
import { parseFreeSpace, parseTotalMemory } from "./memory-and-space.ts";
import { androidVersion, instructionSets, parseProperties, phoneName, systemOnChip } from "./properties.ts";
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
  const cores = parseFrequencies(answers.frequencies).length;
  return {
    kind: "android",
    serial: device.serial,
    name: phoneName(properties) ?? device.serial,
    system: androidVersion(properties) ?? "Android",
    soc: systemOnChip(properties),
    abis: instructionSets(properties),
    cores: cores === 0 ? null : cores,
    memoryBytes: parseTotalMemory(answers.memory),
    freeBytes: parseFreeSpace(answers.space),
    battery,
    celsius: hottest(parseThermal(answers.thermal)) ?? battery?.celsius ?? null,
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

/** The hottest core's temperature, where the phone tells one. */
function hottest({ temperatures }: ThermalState): number | null {
  const processors = temperatures.filter(({ isProcessor }) => isProcessor).map(({ celsius }) => celsius);
  return processors.length === 0 ? null : Math.max(...processors);
}
