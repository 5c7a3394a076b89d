import { OptionError } from "../errors.ts";
import eie45nm from "./eie-45nm.json" with { type: "json" };
import flagshipPhone from "./flagship-phone.json" with { type: "json" };
import type { HardwareProfile } from "./hardware-profile.ts";
import midrangePhone from "./midrange-phone.json" with { type: "json" };

export type { HardwareProfile } from "./hardware-profile.ts";

/** Built in. */
export const HARDWARE_PROFILES: readonly HardwareProfile[] = [flagshipPhone, midrangePhone, eie45nm];

/** The profile that is used where nobody chooses one. */
export const DEFAULT_HARDWARE: HardwareProfile = flagshipPhone;

/**
 * The profile of a name; one of the user's own hides a built-in one.
 * @throws {OptionError} for an unknown name, listing the known ones
 */
export function findHardware(name: string, extra: readonly HardwareProfile[] = []): HardwareProfile {
  const all = [...extra, ...HARDWARE_PROFILES];
  const found = all.find((profile) => profile.name === name);
  if (found) return found;
  const known = [...new Set(all.map((profile) => profile.name))].join(", ");
  throw new OptionError(`unknown hardware profile "${name}"; known are ${known}`);
}
