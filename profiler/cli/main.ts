import { EXIT, Interrupted } from "./context.ts";
import { runCommandLine } from "./program.ts";

// A reader that has seen enough (`| head`) closes the pipe: that is no failure of ours. A full disk is one, and is said like any other.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  process.stderr.write(`edgewise: the output cannot be written: ${error.message}\n`);
  process.exit(EXIT.error);
});
// Nobody is left to tell.
process.stderr.on("error", () => undefined);

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
