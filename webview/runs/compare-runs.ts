import { isMeasured, type LayerTimes, type RunResult } from "../../profiler/device/run-result.ts";
import type { KeptRun } from "../protocol-running.ts";
import { middleHalf, type MiddleHalf } from "./spread.ts";

/** Where the time of one run went, against another one. */
export interface RunComparison {
  /** Change of the median, seconds. */
  readonly seconds: number;
  /** Part of the older median. */
  readonly relative: number;
  /**
   * "noise": half of the runs of one lie where half of those of the other do, so that the next two runs may say the opposite. "unknown":
   * one of them has too few runs to tell.
   */
  readonly meaning: "faster" | "slower" | "noise" | "unknown";
  /** Operators by name, largest change first; empty where one of the runs has no layers. */
  readonly operators: readonly OperatorChange[];
}

export interface OperatorChange {
  readonly name: string;
  /** Seconds; undefined where the run has no such operator. */
  readonly before: number | undefined;
  readonly after: number | undefined;
  readonly change: number;
}

/** @param before the older run, or that of the file without edits */
export function compareRuns(before: RunResult, after: RunResult): RunComparison {
  const [a, b] = [before.latency.statistics.median, after.latency.statistics.median];
  return {
    seconds: b - a,
    relative: a > 0 ? (b - a) / a : 0,
    meaning: meaningOf(middleHalf(before.latency), middleHalf(after.latency)),
    operators: operatorChanges(before, after),
  };
}

function meaningOf(before: MiddleHalf | null, after: MiddleHalf | null): RunComparison["meaning"] {
  if (before === null || after === null) return "unknown";
  if (after.high < before.low) return "faster";
  return after.low > before.high ? "slower" : "noise";
}

function operatorChanges({ layers: before }: RunResult, { layers: after }: RunResult): readonly OperatorChange[] {
  if (!isMeasured(before) || !isMeasured(after)) return [];
  const [old, now] = [byName(before), byName(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((name) => {
      const [was, is] = [old.get(name), now.get(name)];
      return { name, before: was, after: is, change: (is ?? 0) - (was ?? 0) };
    })
    .sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
}

/** Operators of one name (of several inner graphs) together, so that the sum stays the total. */
function byName({ rows, unmapped }: LayerTimes): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  const named = [
    ...rows.map(({ operators, seconds }) => ({ name: operators.join(" + "), seconds })),
    ...unmapped.map(({ name, seconds }) => ({ name, seconds })),
  ];
  for (const { name, seconds } of named) times.set(name, (times.get(name) ?? 0) + seconds);
  return times;
}

/** The run that another one is compared with unless the user says: the last of the file without edits on the same device. */
export function baselineOf(run: KeptRun, runs: readonly KeptRun[]): KeptRun | undefined {
  const { serial, name } = run.result.device;
  return runs.find(
    ({ id, edits, result }) =>
      id !== run.id && edits.length === 0 && result.device.serial === serial && result.device.name === name,
  );
}
