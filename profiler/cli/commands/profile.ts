import { Option, type Command } from "commander";
import { EXPORT_FORMATS, type ExportFormat } from "../../exports/export-formats.ts";
import { exportProfile } from "../../exports/exports.ts";
import { profileTable } from "../../exports/terminal.ts";
import type { Profile } from "../../profile.ts";
import { INITIAL_BUDGETS } from "../../views/budgets.ts";
import { chooseHardware } from "../choose-hardware.ts";
import type { CliContext } from "../context.ts";
import { profileFile } from "../profile-file.ts";
import { parseDimension } from "../quantities.ts";
import { missingRemark } from "../with-model.ts";
import { MODEL_ARGUMENT } from "../model-argument.ts";

interface ProfileCommandOptions {
  readonly dim?: Readonly<Record<string, number>>;
  readonly hardware?: string;
  readonly format: ExportFormat | "table";
  readonly all?: true;
}

const FORMATS = ["table", ...Object.keys(EXPORT_FORMATS)];

/** `edgewise profile MODEL`: what every layer costs. */
export function addProfileCommand(program: Command, context: CliContext): void {
  program
    .command("profile")
    .description("show what every layer of a model costs")
    .argument("<model>", MODEL_ARGUMENT)
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .option("--hardware <name>", "hardware profile for the estimates: one of `edgewise hardware`, or a .json file")
    .addOption(new Option("--format <format>", "how to write it").choices(FORMATS).default("table"))
    .option("--all", "show rows of shape arithmetic, constants and fused operators too")
    .action(async (model: string, options: ProfileCommandOptions) => {
      const hardware = await chooseHardware(options.hardware);
      const profile = await profileFile(model, { bindings: options.dim ?? {}, hardware });
      if (options.format === "csv") remarkWarnings(profile, context);
      else remarkMissing(profile, context);
      context.write(write(profile, options, context));
    });
}

function write(profile: Profile, { format, all: showAll }: ProfileCommandOptions, { width }: CliContext): string {
  if (format === "table") return profileTable(profile, { width, showAll });
  return exportProfile(profile, format, { showAll, budgets: INITIAL_BUDGETS, writtenAt: new Date() });
}

/** That the file is not whole is said beside every format. */
export function remarkMissing({ warnings }: Pick<Profile, "warnings">, context: CliContext): void {
  for (const { missing } of warnings) if (missing) context.remark(missingRemark(missing));
}

/** A table of rows alone has no place for what was assumed. */
function remarkWarnings({ warnings }: Profile, context: CliContext): void {
  for (const { message } of warnings) context.remark(`warning: ${message}`);
}
