import type { CoreFrequency } from "../../run-result.ts";

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
    .map(([, core, online, current, maximum, limit]) => ({
      core: Number(core),
      isOnline: online !== "0",
      hertz: hertz(current),
      maximumHertz: hertz(maximum),
      limitHertz: hertz(limit),
    }))
    .sort((a, b) => a.core - b.core);
}

function hertz(kilohertz: string | undefined): number | null {
  const isNumber = kilohertz !== undefined && /^\d+$/.test(kilohertz) && kilohertz !== "0";
  return isNumber ? Number(kilohertz) * KILOHERTZ : null;
}
