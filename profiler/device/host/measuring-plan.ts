import { availableParallelism } from "node:os";
import type { PreparedRun } from "../prepared-run.ts";
import type { RunSettings } from "../run-result.ts";
import {
  DEFAULT_RUNS,
  DEFAULT_THREADS,
  DEFAULT_TIME_LIMIT,
  DEFAULT_WARM_UP_RUNS,
  type RunControl,
  type RunOptions,
  type RunPhase,
} from "../target.ts";

/** Part of the time limit that timing may take; loading and profiling have the rest. */
const TIMING_PART = 0.5;
/** Times of layers vary less than those of whole runs, and the profiler writes each of them down. */
const PROFILED_RUNS = 20;

/** How a process on this machine times a model. */
export interface HostTiming {
  readonly threads: number;
  readonly warmUpRuns: number;
  readonly runs: number;
  /** Stop timing after so long, though not before a few runs. */
  readonly budgetSeconds: number;
  readonly profiledRuns: number;
}

/** What ends such a process, and hears how far it is. */
export interface ProcessControl {
  readonly signal?: AbortSignal | undefined;
  readonly limitSeconds: number;
  readonly onRun: (phase: RunPhase, done: number, total: number) => void;
}

/** How a model is measured on this machine, whatever runs it. */
export interface MeasuringPlan {
  /** As a run tells them. */
  readonly settings: RunSettings;
  readonly timing: HostTiming;
  readonly process: ProcessControl;
}

export function planOf(
  { dimensions, description }: PreparedRun,
  options: RunOptions,
  { signal, onProgress }: RunControl,
): MeasuringPlan {
  const {
    threads = Math.min(DEFAULT_THREADS, availableParallelism()),
    warmUpRuns = DEFAULT_WARM_UP_RUNS,
    runs = DEFAULT_RUNS,
    timeLimitSeconds: limitSeconds = DEFAULT_TIME_LIMIT,
  } = options;
  return {
    settings: { threads, warmUpRuns, runs, dimensions, inputs: description, cores: null, delegate: null },
    timing: {
      threads,
      warmUpRuns,
      runs,
      budgetSeconds: limitSeconds * TIMING_PART,
      profiledRuns: Math.min(runs, PROFILED_RUNS),
    },
    process: { signal, limitSeconds, onRun: (phase, done, total) => onProgress?.({ phase, done, total }) },
  };
}

/**
 * A slow model is timed less often than asked for, which is said.
 * @param runs that were timed
 */
export function shortenedTo(
  { settings, process }: MeasuringPlan,
  runs: number,
): { readonly settings: RunSettings; readonly notes: readonly string[] } {
  if (runs >= settings.runs) return { settings, notes: [] };
  const note = `Timed ${runs} times instead of ${settings.runs}, to stay within ${process.limitSeconds} seconds.`;
  return { settings: { ...settings, runs }, notes: [note] };
}
