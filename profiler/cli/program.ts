import type { Command } from "commander";
import { commandLineOf, runCommands, type AddCommand } from "./command-line.ts";
import { addApplyCommand } from "./commands/apply.ts";
import { addCheckCommand } from "./commands/check.ts";
import { addCompareCommand } from "./commands/compare.ts";
import { addCompressCommand } from "./commands/compress.ts";
import { addDevicesCommand } from "./commands/devices.ts";
import { addExportTensorCommand } from "./commands/export-tensor.ts";
import { addFitCommand } from "./commands/fit.ts";
import { addHardwareCommand } from "./commands/hardware.ts";
import { addProfileCommand } from "./commands/profile.ts";
import { addRecoverCommand } from "./commands/recover.ts";
import { addRunCommand } from "./commands/run.ts";
import { addSensitivityCommand } from "./commands/sensitivity.ts";
import { addSuggestCommand } from "./commands/suggest.ts";
import { addWeightsCommand } from "./commands/weights.ts";
import type { CliContext } from "./context.ts";

const COMMANDS: readonly AddCommand[] = [
  addProfileCommand,
  addSuggestCommand,
  addApplyCommand,
  addFitCommand,
  addCompressCommand,
  addWeightsCommand,
  addExportTensorCommand,
  addSensitivityCommand,
  addRecoverCommand,
  addCompareCommand,
  addCheckCommand,
  addRunCommand,
  addDevicesCommand,
  addHardwareCommand,
];

/** All commands, with what they do in a context. */
export function commandLine(context: CliContext): Command {
  return commandLineOf(COMMANDS, context);
}

/** Runs one command line, whichever command it names. */
export function runCommandLine(args: readonly string[], context: CliContext): Promise<void> {
  return runCommands(args, COMMANDS, context);
}
