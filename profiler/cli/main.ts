import "./compile-later.ts";
import "./keep-compiled.ts";
import { ownEntry } from "../own-entry.ts";
import { writeSync } from "node:fs";
import { runCommands, type AddCommand } from "./command-line.ts";
import { EXIT, Interrupted, type CliContext } from "./context.ts";

/** Node's exit code for a top-level await that nothing will ever settle. */
const UNSETTLED = 13;

// A reader that has seen enough (`| head`) closes the pipe: that is no failure of ours. A full disk is one, and is said like any other.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  process.stderr.write(`edgewise: the output cannot be written: ${error.message}\n`);
  process.exit(EXIT.error);
});
// Nobody is left to tell.
process.stderr.on("error", () => undefined);

// Node ends by itself when nothing is left to wait for, though a command be in the middle of something: no command may end so.
process.on("exit", (code) => {
  if (code !== UNSETTLED) return;
  writeSync(
    process.stderr.fd,
    "edgewise: internal error: it ended before the command was done. Please report it with the model.\n",
  );
  process.exitCode = EXIT.error;
});

/** Each is loaded when it is named: a command that shows a table need not wait for what trains, measures and draws. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  profile: async () => (await import("./commands/profile.ts")).addProfileCommand,
  suggest: async () => (await import("./commands/suggest.ts")).addSuggestCommand,
  apply: async () => (await import("./commands/apply.ts")).addApplyCommand,
  fit: async () => (await import("./commands/fit.ts")).addFitCommand,
  compress: async () => (await import("./commands/compress.ts")).addCompressCommand,
  check: async () => (await import("./commands/check.ts")).addCheckCommand,
  compare: async () => (await import("./commands/compare.ts")).addCompareCommand,
};

let unwinding: AbortSignal | undefined;

/** Of a command that must clean up: the first signal is its own to answer, the next ends it. All others die of a signal at once, whatever they compute. */
function untilInterrupted(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (!ending.signal.aborted) {
        ending.abort(new Interrupted("interrupted"));
        return;
      }
      writeSync(process.stderr.fd, `${process.stderr.isTTY ? "\r\x1b[K" : ""}edgewise: interrupted\n`);
      process.exit(EXIT.interrupted);
    });
  return ending.signal;
}

// The exit code is set, never `exit` called: what is written may still be on its way to a pipe.
const context: CliContext = {
  write: (text) => void process.stdout.write(text),
  remark: (text) => void process.stderr.write(`edgewise: ${text}\n`),
  ...(process.stderr.isTTY && { progress: (text: string) => void process.stderr.write(`\r\x1b[K${text}`) }),
  width: process.stdout.isTTY ? process.stdout.columns : undefined,
  setExitCode: (code) => {
    process.exitCode = code;
  },
  interruption: () => (unwinding ??= untilInterrupted()),
};

const args = process.argv.slice(2);
const [name = ""] = args;
const load = Object.hasOwn(COMMANDS, name) ? ownEntry(COMMANDS, name) : undefined;
if (load) await runCommands(args, [await load()], context);
else await (await import("./program.ts")).runCommandLine(args, context);
