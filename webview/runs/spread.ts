import type { Latency } from "../../profiler/device/run-result.ts";

/** The times between which half of the runs lie, seconds: from the first to the third quartile. */
export interface MiddleHalf {
  readonly low: number;
  readonly high: number;
}

/** Fewer runs do not show what single runs differ by. */
export const FEWEST_RUNS = 5;

/** Of a normal distribution, the distance of the quartiles from its middle in standard deviations. */
const QUARTILE_DEVIATIONS = 0.6745;

/**
 * How far single runs lie apart: what a difference must exceed to be more than noise. Quartiles, because a run that something disturbed
 * takes several times as long, and would count for more than all the others in a standard deviation.
 * @returns null for too few runs
 */
export function middleHalf({ runSeconds, statistics }: Pick<Latency, "runSeconds" | "statistics">): MiddleHalf | null {
  const { runs, median, standardDeviation } = statistics;
  if (runs < FEWEST_RUNS) return null;
  if (runSeconds.length < FEWEST_RUNS) {
    const distance = QUARTILE_DEVIATIONS * standardDeviation;
    return { low: Math.max(0, median - distance), high: median + distance };
  }
  const sorted = runSeconds.toSorted((a, b) => a - b);
  return { low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

/** Between the two nearest runs. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
  return below + (above - below) * (place - Math.floor(place));
}
