import { findHardware, parseHardwareProfile, type HardwareProfile } from "../../profiler/index.ts";
import type { ModelRequest } from "./protocol.ts";

/** What a request is costed on: one of the engine's hardware profiles, or one of the settings. */
export function hardwareOf({ hardware, ownHardware }: ModelRequest): HardwareProfile {
  return findHardware(hardware, ownHardware.map(ownProfile));
}

function ownProfile(data: unknown, index: number): HardwareProfile {
  return parseHardwareProfile(data, `edgewise.hardwareProfiles[${index}]`);
}
