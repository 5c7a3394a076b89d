import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { EdgewiseError } from "../errors.ts";
import { printable } from "../exports/printable.ts";
import { EXIT, Interrupted, type CliContext } from "./context.ts";

type AddCommand = (program: Command, context: CliContext) => void;

/** By name, in the order of the help. Each brings its part of the engine when it is wanted: most of a short command's time is loading. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  profile: async () => (await import("./commands/profile.ts")).addProfileCommand,
  suggest: async () => (await import("./commands/suggest.ts")).addSuggestCommand,
  apply: async () => (await import("./commands/apply.ts")).addApplyCommand,
  fit: async () => (await import("./commands/fit.ts")).addFitCommand,
  compare: async () => (await import("./commands/compare.ts")).addCompareCommand,
  check: async () => (await import("./commands/check.ts")).addCheckCommand,
  run: async () => (await import("./commands/run.ts")).addRunCommand,
  devices: async () => (await import("./commands/devices.ts")).addDevicesCommand,
  hardware: async () => (await import("./commands/hardware.ts")).addHardwareCommand,
};

/** Runs one command line. Every failure is one line on standard error and exit code 2. */
export async function runCommandLine(args: readonly string[], context: CliContext): Promise<void> {
  const program = new Command("edgewise")
    .description("What every layer of an ONNX or TFLite model costs a phone.")
    .version(packageJson.version)
    .exitOverride()
    .configureOutput({ writeOut: context.write, writeErr: () => undefined });
  for (const add of await commandsFor(args)) add(program, context);
  try {
    if (args.length === 0) program.error("name a command; edgewise --help lists them");
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    context.remark(messageOf(error));
    context.setExitCode(error instanceof Interrupted ? EXIT.interrupted : EXIT.error);
  }
}

/** The one that is named first, or all of them for the help and for a name that is none. */
function commandsFor([name = ""]: readonly string[]): Promise<readonly AddCommand[]> {
  const named = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  return Promise.all((named ? [named] : Object.values(COMMANDS)).map((load) => load()));
}

function messageOf(error: unknown): string {
  if (error instanceof CommanderError) return oneLine(error.message.replace(/^error: /, ""));
  if (error instanceof EdgewiseError)
    return oneLine(error.hint === undefined ? error.message : `${error.message}. ${error.hint}`);
  if (error instanceof Interrupted) return error.message;
  return oneLine(`internal error: ${error instanceof Error ? error.message : String(error)}`);
}

function oneLine(text: string): string {
  return printable(text.replaceAll(/\s*\n\s*/g, " ").trim());
}
