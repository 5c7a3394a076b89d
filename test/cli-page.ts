import { format } from "prettier";
import { commandLineDocumentation } from "../profiler/cli/documentation.ts";
import { commandLine } from "../profiler/cli/program.ts";

/** docs/command-line.md as it must be. Nothing runs: the commands are only asked what they take. */
export async function commandLinePage(): Promise<string> {
  const program = commandLine({
    write: () => undefined,
    remark: () => undefined,
    setExitCode: () => undefined,
    width: undefined,
  });
  return format(commandLineDocumentation(program), { parser: "markdown", printWidth: 120 });
}
