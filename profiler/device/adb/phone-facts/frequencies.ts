import type { CoreClock, CoreFrequency } from "../../run-result.ts";
import { plausible } from "./plausible.ts";

const KILOHERTZ = 1000;

/**
 * Prints a line a core: "cpu4 online=1 current=2367000 maximum=2914000 limit=2367000", in kHz; empty where the phone does not tell.
 * The first core has no `online`: it always is.
 */
export const FREQUENCIES_COMMAND = [
  "for core in /sys/devices/system/cpu/cpu[0-9]*; do",
  'echo "${core##*/}',
  'online=$(cat "$core/online" 2>/dev/null)',
  'current=$(cat "$core/cpufreq/scaling_cur_freq" 2>/dev/null)',
  'maximum=$(cat "$core/cpufreq/cpuinfo_max_freq" 2>/dev/null)',
  'limit=$(cat "$core/cpufreq/scaling_max_freq" 2>/dev/null)";',
  "done",
].join(" ");

const LINE = /^cpu(\d+) online=(\S*) current=(\S*) maximum=(\S*) limit=(\S*)\s*$/gm;

/** Reads what `FREQUENCIES_COMMAND` printed, by the cores' numbers. */
export function parseFrequencies(answer: string): readonly CoreFrequency[] {
  return [...answer.matchAll(LINE)]
    .filter(([, core]) => plausible("core", Number(core)) !== null)
    .map(([, core, online, current, maximum, limit]) => ({
      core: Number(core),
      isOnline: online !== "0",
      hertz: hertz(current),
      maximumHertz: hertz(maximum),
      limitHertz: hertz(limit),
    }))
    .sort((a, b) => a.core - b.core);
}

/** Cores whose hardware is faster than the slowest ones'; empty where all are alike or the phone does not tell. */
export function bigCores(cores: readonly CoreFrequency[]): readonly number[] {
  const known = cores.flatMap(({ core, maximumHertz }) => (maximumHertz === null ? [] : [{ core, maximumHertz }]));
  const slowest = Math.min(...known.map(({ maximumHertz }) => maximumHertz));
  return known.filter(({ maximumHertz }) => maximumHertz > slowest).map(({ core }) => core);
}

/** Prints "/sys/devices/system/cpu/cpu4/cpufreq/scaling_cur_freq:2367000" lines, from one process: it is asked while a model runs. */
export const CLOCKS_COMMAND =
  "grep . /sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_cur_freq /sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_max_freq";

const CLOCK = /^\S*\/cpu(\d+)\/cpufreq\/scaling_(cur|max)_freq:(\d+)\s*$/gm;

/** Reads what `CLOCKS_COMMAND` printed, by the cores' numbers. */
export function parseClocks(answer: string): readonly CoreClock[] {
  const cores = new Map<number, { hertz: number | null; limitHertz: number | null }>();
  for (const [, core, which, kilohertz] of answer.matchAll(CLOCK)) {
    if (plausible("core", Number(core)) === null) continue;
    const clock = cores.get(Number(core)) ?? { hertz: null, limitHertz: null };
    clock[which === "cur" ? "hertz" : "limitHertz"] = hertz(kilohertz);
    cores.set(Number(core), clock);
  }
  return [...cores].map(([core, clock]) => ({ core, ...clock })).sort((a, b) => a.core - b.core);
}

function hertz(kilohertz: string | undefined): number | null {
  const isNumber = kilohertz !== undefined && /^\d+$/.test(kilohertz);
  const known = plausible("kilohertz", isNumber ? Number(kilohertz) : null);
  return known === null ? null : known * KILOHERTZ;
}
