import { readFileSync } from "node:fs";

/** Of Linux: `getconf CLK_TCK` says 100 on every machine that it runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time of this process and of those of its children that have ended: ONNX Runtime runs in one. */
export function processorSeconds(): number {
  return secondsOf(statOf("self"));
}

/** The same of another process; 0 where it is not that one's child, or has ended. */
export function childSeconds(id: string, parent: number): number {
  try {
    const stat = statOf(id);
    return Number(stat[1]) === parent ? secondsOf(stat) : 0;
  } catch {
    return 0;
  }
}

/** State, parent, and what comes behind them. Source: proc(5), `/proc/pid/stat`. */
function statOf(id: string): readonly string[] {
  const stat = readFileSync(`/proc/${id}/stat`, "utf8");
  // The name may hold spaces.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Own time and that of children, each in user and kernel mode. */
function secondsOf(stat: readonly string[]): number {
  return stat.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}
