import { Option, type Command } from "commander";
import { profileCsv } from "../../exports/csv.ts";
import { profileJson } from "../../exports/json.ts";
import { profileMarkdown } from "../../exports/markdown.ts";
import { profileTable } from "../../exports/terminal.ts";
import type { Profile } from "../../profile.ts";
import { chooseHardware } from "../choose-hardware.ts";
import type { CliContext } from "../context.ts";
import { profileFile } from "../profile-file.ts";
import { parseDimension } from "../quantities.ts";

interface ProfileCommandOptions {
  readonly dim?: Readonly<Record<string, number>>;
  readonly hardware?: string;
  readonly format: keyof typeof FORMATS;
  readonly all?: true;
}

type Write = (profile: Profile, options: ProfileCommandOptions, context: CliContext) => string;

const FORMATS = {
  table: (profile, { all }, { width }) => profileTable(profile, { width, showAll: all }),
  json: (profile) => `${JSON.stringify(profileJson(profile))}\n`,
  csv: (profile, _, context) => {
    // A table of rows alone has no place for what was assumed.
    for (const { message } of profile.warnings) context.remark(`warning: ${message}`);
    return profileCsv(profile);
  },
  markdown: (profile, { all }) => profileMarkdown(profile, { showAll: all }),
} as const satisfies Record<string, Write>;

/** `edgewise profile MODEL`: what every layer costs. */
export function addProfileCommand(program: Command, context: CliContext): void {
  program
    .command("profile")
    .description("show what every layer of a model costs")
    .argument("<model>", "an .onnx or .tflite file")
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .option("--hardware <name>", "hardware profile for the estimates: one of `edgewise hardware`, or a .json file")
    .addOption(new Option("--format <format>", "how to write it").choices(Object.keys(FORMATS)).default("table"))
    .option("--all", "show rows of shape arithmetic and constants too")
    .action(async (model: string, options: ProfileCommandOptions) => {
      const hardware = await chooseHardware(options.hardware);
      const profile = await profileFile(model, { bindings: options.dim ?? {}, hardware });
      const write: Write = FORMATS[options.format];
      context.write(write(profile, options, context));
    });
}
