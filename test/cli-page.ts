import type { Command } from "commander";
import { commandLineDocumentation, optionsOfCommands } from "../profiler/cli/documentation.ts";
import { commandLine } from "../profiler/cli/program.ts";
import { formatted } from "./formatted.ts";

const README_WIDTH = 164;

/** docs/command-line.md as it must be. Nothing runs: the commands are only asked what they take. */
export async function commandLinePage(): Promise<string> {
  return formatted("command-line.md", commandLineDocumentation(program()));
}

/** The README with the options that there are. */
export function withOptions(readme: string): string {
  const options = optionsOfCommands(program(), README_WIDTH).map((line) => `  ${line}`);
  return readme.replace(/(?<=<!-- Written by .*-->\n\n)( {4}.*\n)+/, `${options.join("\n")}\n`);
}

function program(): Command {
  return commandLine({
    write: () => undefined,
    remark: () => undefined,
    setExitCode: () => undefined,
    width: undefined,
  });
}
