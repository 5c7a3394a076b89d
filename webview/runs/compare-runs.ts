import type { MiddleHalf } from "../../profiler/device/latency-statistics.ts";
import { isMeasured, type LayerTimes, type RowTime, type RunResult } from "../../profiler/device/run-result.ts";
import { alignLayers } from "../../profiler/views/align-layers.ts";
import type { KeptRun } from "../protocol/running.ts";
import { middleHalf } from "./spread.ts";

/** Where the time of one run went, against another one: of another version of the model, or of another model. */
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
  /** Layers, and what belongs to none, largest change first; empty where one of the runs has no layers. */
  readonly layers: readonly LayerChange[];
}

export interface LayerChange {
  /** "stem", or "stem → stem.0" for a pair of two names. */
  readonly name: string;
  /** Seconds; undefined where the run has no such layer. */
  readonly before: number | undefined;
  readonly after: number | undefined;
  readonly change: number;
  /** Whether the middle halves of its profiled runs overlap; null where a runtime tells only means. */
  readonly isNoise: boolean | null;
  /** Row of the newer run; null where it has none. */
  readonly row: number | null;
}

/** @param before the older run, or that of the file without edits */
export function compareRuns(before: RunResult, after: RunResult): RunComparison {
  const [a, b] = [before.latency.statistics.median, after.latency.statistics.median];
  return {
    seconds: b - a,
    relative: a > 0 ? (b - a) / a : 0,
    meaning: meaningOf(middleHalf(before.latency), middleHalf(after.latency)),
    layers: layerChanges(before, after),
  };
}

function meaningOf(before: MiddleHalf | null, after: MiddleHalf | null): RunComparison["meaning"] {
  if (before === null || after === null) return "unknown";
  if (after.high < before.low) return "faster";
  return after.low > before.high ? "slower" : "noise";
}

/** Their changes add up to that of the profiled totals. */
function layerChanges({ layers: before }: RunResult, { layers: after }: RunResult): readonly LayerChange[] {
  if (!isMeasured(before) || !isMeasured(after)) return [];
  const rows = alignLayers(before.rows, after.rows).map(({ before: was, after: is }) => rowChange(was, is));
  return [...rows, ...outsideChanges(before, after)].sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
}

function rowChange(was: RowTime | null, is: RowTime | null): LayerChange {
  const names = [was?.name, is?.name].filter((name) => name !== undefined);
  const change = (is?.seconds ?? 0) - (was?.seconds ?? 0);
  return {
    name: [...new Set(names)].join(" → "),
    before: was?.seconds,
    after: is?.seconds,
    change,
    isNoise: isNoise(was, is, change),
    row: is?.layer ?? null,
  };
}

/** A layer that only one of them has is no noise. */
function isNoise(was: RowTime | null, is: RowTime | null, change: number): boolean | null {
  if (was === null || is === null) return false;
  if (was.spread === null || is.spread === null) return null;
  return Math.abs(change) <= was.spread + is.spread;
}

/** What belongs to no row, by the runtime's name of it. */
function outsideChanges({ unmapped: before }: LayerTimes, { unmapped: after }: LayerTimes): readonly LayerChange[] {
  const [old, now] = [byName(before), byName(after)];
  return [...new Set([...old.keys(), ...now.keys()])].map((name) => {
    const [was, is] = [old.get(name), now.get(name)];
    return { name, before: was, after: is, change: (is ?? 0) - (was ?? 0), isNoise: null, row: null };
  });
}

function byName(unmapped: LayerTimes["unmapped"]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const { name, seconds } of unmapped) times.set(name, (times.get(name) ?? 0) + seconds);
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
