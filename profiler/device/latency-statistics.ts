import type { Latency, LatencyStatistics } from "./run-result.ts";

/** What a runtime timed of whole runs. */
export interface TimedRuns {
  readonly loadSeconds: number | null;
  /** Of the very first run. */
  readonly firstSeconds: number | null;
  readonly runSeconds: readonly number[];
}

/** @throws {RangeError} when nothing was timed */
export function latencyOf({ loadSeconds, firstSeconds, runSeconds }: TimedRuns): Latency {
  return { loadSeconds, firstRunSeconds: firstSeconds, statistics: latencyStatistics(runSeconds), runSeconds };
}

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

/** Fewer runs do not show what single runs differ by. */
export const FEWEST_RUNS = 5;

/** The times between which half of the runs lie: from the first to the third quartile. */
export interface MiddleHalf {
  readonly low: number;
  readonly high: number;
}

/** @param seconds of the runs; 0 to 0 for none */
export function middleHalfOf(seconds: readonly number[]): MiddleHalf {
  const sorted = seconds.toSorted((a, b) => a - b);
  return { low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

/** Between the two nearest runs. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
  return below + (above - below) * (place - Math.floor(place));
}
