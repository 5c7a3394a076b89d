// The thread that ends a runtime's process whatever the runtime is doing: when whoever started it is gone, and when it takes more memory
// than it may. Plain JavaScript, so that a thread loads it without a compiler.
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { workerData } from "node:worker_threads";

const LOOK_MILLISECONDS = 50;
const STANDARD_ERROR = 2;

const { memoryBytes } = workerData;

// Nothing ever comes through this pipe: it ends with the process, or the thread, that holds its other end.
const lifeline = new Socket({ fd: 0, readable: true, writable: false });
lifeline.on("close", end).on("error", end).resume();

setInterval(() => {
  const bytes = process.memoryUsage.rss();
  if (bytes <= memoryBytes) return;
  writeSync(STANDARD_ERROR, `\nedgewise-memory ${bytes}\n`);
  end();
}, LOOK_MILLISECONDS);

function end() {
  process.kill(process.pid, "SIGKILL");
}
