import { readJsonFile } from "../bytes/whole-file.ts";
import { OptionError } from "../errors.ts";
import { parseHardwareProfile } from "../hardware/hardware-profile.ts";
import { DEFAULT_HARDWARE, findHardware, type HardwareProfile } from "../hardware/hardware.ts";

/**
 * The hardware profile of an option: a built-in one by name, or a JSON file of the user's.
 * @throws {OptionError} when there is none of that name, or the file holds no profile
 */
export async function chooseHardware(option: string | undefined): Promise<HardwareProfile> {
  if (option === undefined) return DEFAULT_HARDWARE;
  return option.endsWith(".json") ? parseHardwareProfile(await readJson(option), option) : findHardware(option);
}

function readJson(path: string): Promise<unknown> {
  return readJsonFile(path, (cause) => {
    const reason = cause instanceof SyntaxError ? `${path}: it is not JSON` : (cause as Error).message;
    return new OptionError(`hardware profile ${reason}`, { cause });
  });
}
