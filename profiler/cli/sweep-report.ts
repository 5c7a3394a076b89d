import type { RunResult } from "../device/run-result.ts";
import { plainTable } from "../exports/terminal.ts";
import { formatTime } from "../format-numbers.ts";

const HEADINGS = ["Threads", "Median", "p90", "Fastest run", "Speed"];
const ALIGNMENTS = ["right", "right", "right", "right", "right", "left"] as const;

export function countedThreads(count: number | undefined): string {
  return count === 1 ? "1 thread" : `${count ?? ""} threads`;
}

/**
 * Runs with rising numbers of threads under each other: their latencies, how many times as fast as with the fewest threads each is, and which is the
 * fastest. The runtime may have given a run fewer threads than were asked for: told are those that it had.
 */
export function sweepTable(runs: readonly RunResult[]): string {
  const medians = runs.map(({ latency }) => latency.statistics.median);
  const least = Math.min(...medians);
  const [first = least] = medians;
  const rows = runs.map(({ settings, latency: { statistics }, outputs }, at) => {
    const { median, p90, minimum } = statistics;
    const remarks = [
      ...(runs.length > 1 && medians.indexOf(least) === at ? ["fastest"] : []),
      ...(outputs.verdict === "differs" ? ["outputs DIFFER"] : []),
    ];
    return [
      String(settings.threads),
      formatTime(median),
      p90 === null ? "" : formatTime(p90),
      formatTime(minimum),
      `${(first / median).toFixed(2)}×`,
      remarks.join(", "),
    ];
  });
  return `${plainTable(
    [HEADINGS, ...rows],
    ALIGNMENTS.map((align) => ({ align })),
  )}\n`;
}
