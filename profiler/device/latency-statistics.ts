import type { LatencyStatistics } from "./run-result.ts";

/**
 * @param seconds of the timed runs, at least one
 * @throws {RangeError} for none
 */
export function latencyStatistics(seconds: readonly number[]): LatencyStatistics {
  const sorted = seconds.toSorted((a, b) => a - b);
  const [minimum] = sorted;
  const maximum = sorted.at(-1);
  if (minimum === undefined || maximum === undefined) throw new RangeError("statistics of no runs");
  const runs = sorted.length;
  const mean = sorted.reduce((sum, time) => sum + time, 0) / runs;
  const squares = sorted.reduce((sum, time) => sum + (time - mean) ** 2, 0);
  return {
    runs,
    median: ((sorted[(runs - 1) >> 1] ?? mean) + (sorted[runs >> 1] ?? mean)) / 2,
    mean,
    minimum,
    maximum,
    p90: percentile(sorted, 0.9),
    p99: percentile(sorted, 0.99),
    standardDeviation: runs > 1 ? Math.sqrt(squares / (runs - 1)) : 0,
  };
}

/** Nearest rank: the smallest time that so many of the runs do not exceed. */
function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? null;
}
