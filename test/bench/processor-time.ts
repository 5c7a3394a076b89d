import { readFileSync } from "node:fs";

/** Of Linux: `getconf CLK_TCK` says 100 on every machine that it runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time of this process and of those of its children that have ended: ONNX Runtime runs in one. Source: proc(5), `/proc/pid/stat`. */
export function processorSeconds(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  // Behind the name, which may hold spaces, come the state, ten numbers, and the four times.
  const times = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 15);
  return times.reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}
