import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { EdgewiseError } from "../errors.ts";
import { printable } from "../exports/printable.ts";
import { DelegateError } from "../device/device-error.ts";
import { optionsOfCommands } from "./documentation.ts";
import { EXIT, Interrupted, type CliContext, type ExitCode } from "./context.ts";

/** Adds a command and what it does in a context. */
export type AddCommand = (program: Command, context: CliContext) => void;

/** Columns, where nobody says how many a terminal has. */
const HELP_WIDTH = 120;

/** The program with some of its commands. */
export function commandLineOf(commands: readonly AddCommand[], context: CliContext): Command {
  const program = new Command("edgewise")
    .description("What every layer of an ONNX or TFLite model costs a phone.")
    .version(packageJson.version)
    .exitOverride()
    .configureOutput({ writeOut: context.write, writeErr: () => undefined });
  for (const add of commands) add(program, context);
  const options = (): readonly string[] => optionsOfCommands(program, context.width ?? HELP_WIDTH);
  return program.addHelpText(
    "after",
    () => `\nOptions of the commands, which help says more of:\n${options().join("\n")}`,
  );
}

/** Runs one command line. Every failure is one line on standard error and exit code 2. */
export async function runCommands(
  args: readonly string[],
  commands: readonly AddCommand[],
  context: CliContext,
): Promise<void> {
  const spoken = speakingPlainly(context);
  const program = commandLineOf(commands, spoken);
  try {
    if (args.length === 0) program.error("name a command; edgewise --help lists them");
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    spoken.remark(messageOf(error));
    context.setExitCode(exitCodeOf(error));
  }
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Interrupted) return EXIT.interrupted;
  return error instanceof DelegateError ? EXIT.failed : EXIT.error;
}

/** What is said beside an answer holds names of files and phones, which must neither steer a terminal nor forge a line. */
function speakingPlainly(context: CliContext): CliContext {
  const { remark, progress } = context;
  return {
    ...context,
    remark: (text) => remark(oneLine(text)),
    ...(progress && { progress: (text: string) => progress(oneLine(text)) }),
  };
}

function messageOf(error: unknown): string {
  if (error instanceof CommanderError) return error.message.replace(/^error: /, "");
  if (error instanceof EdgewiseError)
    return error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
  if (error instanceof Interrupted) return error.message;
  return `internal error: ${error instanceof Error ? error.message : String(error)}`;
}

function oneLine(text: string): string {
  return printable(text.replaceAll(/\s*\n\s*/g, " ").trim());
}
