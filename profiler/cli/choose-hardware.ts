import { readFile } from "node:fs/promises";
import { OptionError } from "../errors.ts";
import { parseHardwareProfile } from "../hardware/hardware-profile.ts";
import { DEFAULT_HARDWARE, findHardware, type HardwareProfile } from "../hardware/hardware.ts";
import { parseJson } from "../outside-data.ts";

/**
 * The hardware profile of an option: a built-in one by name, or a JSON file of the user's.
 * @throws {OptionError} when there is none of that name, or the file holds no profile
 */
export async function chooseHardware(option: string | undefined): Promise<HardwareProfile> {
  if (option === undefined) return DEFAULT_HARDWARE;
  return option.endsWith(".json") ? parseHardwareProfile(await readJson(option), option) : findHardware(option);
}

async function readJson(path: string): Promise<unknown> {
  const refuse = (reason: string, cause?: unknown): OptionError =>
    new OptionError(`hardware profile ${path}: ${reason}`, { cause });
  const json = await readFile(path, "utf8").catch((cause: unknown) => {
    throw refuse("it cannot be read", cause);
  });
  return parseJson(json, refuse);
}
