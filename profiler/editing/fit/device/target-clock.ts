import { DEFAULT_THREADS, type RunOptions, type Target } from "../../../device/index.ts";
import type { Clock, DeviceOptions } from "./measured-costs.ts";

/** Of a run's timed part: what is quick is timed more often. */
const TIMED_SECONDS = 0.5;
const FEWEST_RUNS = 10;
const MOST_RUNS = 50;

/**
 * A phone, or this machine, as the clock of a search.
 * @throws {DeviceError} when it cannot be reached
 */
export async function clockOn(target: Target, options: RunOptions, signal?: AbortSignal): Promise<DeviceOptions> {
  const { name, soc, kind, cores } = await target.describe(signal);
  const threads = options.threads ?? Math.min(DEFAULT_THREADS, cores ?? DEFAULT_THREADS);
  let runs = FEWEST_RUNS;
  const clock: Clock = async (model, aborted) => {
    const asked = { ...options, threads, runs: options.runs ?? runs };
    const run = await target.run(model, asked, aborted ? { signal: aborted } : {});
    const affordable = Math.floor(TIMED_SECONDS / run.latency.statistics.median);
    runs = Math.min(MOST_RUNS, Math.max(FEWEST_RUNS, affordable));
    return run;
  };
  const what = kind === "host" && soc !== null ? soc : name;
  const delegate = options.delegate === undefined ? "" : `, ${options.delegate}`;
  return { clock, name: `${what}, ${threads} ${threads === 1 ? "thread" : "threads"}${delegate}` };
}
