import { FEWEST_RUNS, middleHalfOf, type MiddleHalf } from "../../profiler/device/latency-statistics.ts";
import type { Latency } from "../../profiler/device/run-result.ts";

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
  return middleHalfOf(runSeconds);
}
