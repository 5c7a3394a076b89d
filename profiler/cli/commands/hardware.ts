import type { Command } from "commander";
import { formatBytes, formatCount, formatTime } from "../../format-numbers.ts";
import { HARDWARE_PROFILES, type HardwareProfile } from "../../hardware/hardware.ts";
import type { CliContext } from "../context.ts";

/** `edgewise hardware`: the built-in hardware profiles, each number with its source. */
export function addHardwareCommand(program: Command, context: CliContext): void {
  program
    .command("hardware")
    .description("list the built-in hardware profiles, each number with its source")
    .action(() => context.write(`${HARDWARE_PROFILES.map(describe).join("\n\n")}\n`));
}

function describe({ name, description, sources, ...numbers }: HardwareProfile): string {
  const peaks = Object.entries(numbers.peakMacsPerSecond).map(([type, peak]) => `${type} ${formatCount(peak)}`);
  return [
    `${name}: ${description}`,
    `  MACs a second: ${peaks.join(", ")}\n    ${sources.peakMacsPerSecond}`,
    `  bandwidth: ${formatBytes(numbers.bandwidthBytesPerSecond)}/s\n    ${sources.bandwidthBytesPerSecond}`,
    `  on-chip memory: ${formatBytes(numbers.onChipBytes)}\n    ${sources.onChipBytes}`,
    `  time per operator: ${formatTime(numbers.secondsPerOperator)}\n    ${sources.secondsPerOperator}`,
  ].join("\n");
}
