import { writeSync } from "node:fs";
import { EXIT, Interrupted } from "./context.ts";
import { runCommandLine } from "./program.ts";

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

// The exit code is set, never `exit` called: what is written may still be on its way to a pipe.
await runCommandLine(process.argv.slice(2), {
  write: (text) => void process.stdout.write(text),
  remark: (text) => void process.stderr.write(`edgewise: ${text}\n`),
  ...(process.stderr.isTTY && { progress: (text: string) => void process.stderr.write(`\r\x1b[K${text}`) }),
  width: process.stdout.isTTY ? process.stdout.columns : undefined,
  setExitCode: (code) => {
    process.exitCode = code;
  },
  interruption: () => {
    const ending = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => ending.abort(new Interrupted("interrupted")));
    return ending.signal;
  },
});
