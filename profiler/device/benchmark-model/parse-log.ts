import type { LatencyStatistics } from "../run-result.ts";
import { delegateUseOf, type DelegateUse } from "./delegate-use.ts";
import { memoryOf, type BenchmarkMemory } from "./parse-memory.ts";

/** What `benchmark_model` says of a run. */
export interface BenchmarkLog {
  /** Of the timed runs; undefined when it did not get so far. */
  readonly statistics: LatencyStatistics | undefined;
  /** Whether `statistics.median` is one: old versions tell the mean alone, which stands for it then. */
  readonly tellsMedian: boolean;
  readonly loadSeconds: number | null;
  readonly firstRunSeconds: number | null;
  readonly memory: BenchmarkMemory;
  readonly delegates: readonly DelegateUse[];
  /** Flags that it does not know, by their names: "input_layer". */
  readonly unknownFlags: readonly string[];
  /** Lines that it called errors. */
  readonly errors: readonly string[];
}

const MICROSECOND = 1e-6;
const MILLISECOND = 1e-3;
/** Stands before the warm-up and before the timed runs. */
const PHASE = "Running benchmark for at least";
const COUNT = /(?:^|\s)(count=\d+.*)$/;
const INITIALIZED = /(?:Initialized session in|Model initialization:) *([\d.e+]+) ?ms/;
const FIRST = /First inference: ([\d.e+]+)/;
/** LiteRT 2's, in milliseconds. */
const RESULT = /\b(Warmup|Inference) \((first|avg|min|max|std|median|p50)\): *([\d.e+]+)(?: ms)?(?: \((\d+) runs?\))?/;
const UNKNOWN_FLAGS = /Unconsumed cmdline flags: (.*)$/;
const ERROR = /(?:^|\s)(?:ERROR|E tflite *): ?(.+)$/;

/** Whether a line says that runs begin: first those that warm up, then those that are timed. */
export function beginsRuns(line: string): boolean {
  return line.includes(PHASE);
}

/** @param text standard output and error: versions and platforms differ in which one they write to */
export function parseBenchmarkLog(text: string): BenchmarkLog {
  const lines = text.split("\n").map((line) => line.trimEnd());
  const phases: Record<string, number>[] = [];
  let isTiming = false;
  for (const line of lines) {
    if (beginsRuns(line)) isTiming = true;
    const counted = isTiming && !line.includes("Timings (microseconds)") ? COUNT.exec(line)?.[1] : undefined;
    if (counted === undefined) continue;
    phases.push(numbersOf(counted));
    isTiming = false;
  }
  const [warmUp, timed] = phases;
  const number = (pattern: RegExp): number | undefined => {
    const found = lines.flatMap((line) => pattern.exec(line)?.[1] ?? []).at(-1);
    return found === undefined ? undefined : Number(found);
  };
  const initialized = number(INITIALIZED);
  const summary = summaryOf(lines);
  const counted = timed ?? summary.timed;
  const first = number(FIRST) ?? warmUp?.first ?? warmUp?.curr ?? summary.first;
  return {
    statistics: counted && statisticsOf(counted),
    tellsMedian: counted?.median !== undefined,
    loadSeconds: initialized === undefined ? null : initialized * MILLISECOND,
    firstRunSeconds: first === undefined ? null : first * MICROSECOND,
    memory: memoryOf(lines),
    delegates: distinct(lines.flatMap((line) => delegateUseOf(line) ?? [])),
    unknownFlags: lines.flatMap((line) =>
      [...(UNKNOWN_FLAGS.exec(line)?.[1] ?? "").matchAll(/--([\w-]+)/g)].map(([, name = ""]) => name),
    ),
    errors: lines.flatMap((line) => ERROR.exec(line)?.[1]?.trim() ?? []),
  };
}

/** "count=50 first=106022 curr=105780 min=105416 max=106528 avg=1.05784e+05 std=260 p5=… median=… p95=…", times in µs. */
function numbersOf(text: string): Record<string, number> {
  const pairs = [...text.matchAll(/(\w+)=([-+\d.e]+)/g)].map(([, name = "", value]) => [name, Number(value)] as const);
  return Object.fromEntries(pairs.filter(([, value]) => Number.isFinite(value)));
}

/** Of a single run only its own time is told. */
function statisticsOf(numbers: Readonly<Record<string, number>>): LatencyStatistics | undefined {
  const mean = numbers.avg ?? numbers.curr;
  if (mean === undefined || (numbers.count ?? 0) < 1) return undefined;
  return {
    runs: numbers.count ?? 1,
    median: (numbers.median ?? mean) * MICROSECOND,
    mean: mean * MICROSECOND,
    minimum: (numbers.min ?? mean) * MICROSECOND,
    maximum: (numbers.max ?? mean) * MICROSECOND,
    p90: null,
    p99: null,
    standardDeviation: (numbers.std ?? 0) * MICROSECOND,
  };
}

/** LiteRT 2's "BENCHMARK RESULTS", in µs as the lines with counts are: what stands for those where they are missing. */
function summaryOf(lines: readonly string[]): {
  readonly timed: Record<string, number> | undefined;
  readonly first: number | undefined;
} {
  const timed: Record<string, number> = {};
  let first: number | undefined;
  for (const line of lines) {
    const [, phase, what = "", value, runs] = RESULT.exec(line) ?? [];
    if (phase === undefined) continue;
    const micros = (Number(value) * MILLISECOND) / MICROSECOND;
    if (phase === "Warmup") first = what === "first" ? micros : first;
    else {
      timed[what === "p50" ? "median" : what] = micros;
      if (runs !== undefined) timed.count = Number(runs);
    }
  }
  return { timed: timed.avg === undefined ? undefined : { count: 1, ...timed }, first };
}

/** Each run of the program says the same of its delegates again, and some say it twice. */
function distinct(uses: readonly DelegateUse[]): readonly DelegateUse[] {
  return [...new Map(uses.map((use) => [JSON.stringify(use), use])).values()];
}
