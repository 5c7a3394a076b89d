import type { RunResult } from "./run-result.ts";
import { DEFAULT_THREADS } from "./target.ts";

/** A run of a sweep with the number of threads that it was asked for. */
export interface SweptRun<Run> {
  readonly threads: number;
  readonly run: Run;
}

export interface ThreadSweep<Run> {
  /** In the order of the numbers. */
  readonly swept: readonly SweptRun<Run>[];
  /** Of the least median; of several the one with the fewest threads. */
  readonly fastest: SweptRun<Run>;
}

/** Numbers of threads that a sweep tries on a device: powers of two, and one for each core. */
export function sweptThreads(cores: number | null): readonly number[] {
  const most = cores ?? DEFAULT_THREADS;
  const powers = Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, power) => 2 ** power);
  return [...new Set([...powers, most])];
}

/**
 * Measures a model with several numbers of threads, one run after the other.
 * @param threads at least one
 * @param measure one run; what it throws, a cancellation too, ends the sweep
 * @param latencyOf where a run's latency is
 * @throws {RangeError} for no number of threads
 */
export async function sweepThreads<Run>(
  threads: readonly number[],
  measure: (threads: number) => Promise<Run>,
  latencyOf: (run: Run) => RunResult["latency"],
): Promise<ThreadSweep<Run>> {
  const medianOf = ({ run }: SweptRun<Run>): number => latencyOf(run).statistics.median;
  const swept: SweptRun<Run>[] = [];
  for (const each of [...new Set(threads)].sort((a, b) => a - b))
    swept.push({ threads: each, run: await measure(each) });
  const [fastest] = swept.toSorted((a, b) => medianOf(a) - medianOf(b) || a.threads - b.threads);
  if (fastest === undefined) throw new RangeError("a sweep over no number of threads");
  return { swept, fastest };
}
