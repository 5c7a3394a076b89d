import type { LatencyStatistics } from "../run-result.ts";

/** What `benchmark_model` says of a run. */
export interface BenchmarkLog {
  /** Of the timed runs; undefined when it did not get so far. */
  readonly statistics: LatencyStatistics | undefined;
  /** Whether `statistics.median` is one: old versions tell the mean alone, which stands for it then. */
  readonly tellsMedian: boolean;
  readonly loadSeconds: number | null;
  readonly firstRunSeconds: number | null;
  readonly peakBytes: number | null;
  readonly delegates: readonly DelegateUse[];
  /** Lines that it called errors. */
  readonly errors: readonly string[];
}

export interface DelegateUse {
  /** "TfLiteXNNPackDelegate" */
  readonly name: string;
  readonly nodes: number;
  readonly ofNodes: number;
  readonly partitions: number;
}

const MICROSECOND = 1e-6;
const MILLISECOND = 1e-3;
/** What it calls MB. */
const MEBIBYTE = 2 ** 20;

/** Stands before the warm-up and before the timed runs. */
const PHASE = "Running benchmark for at least";
const COUNT = /(?:^|\s)(count=\d+.*)$/;
const INITIALIZED = /Initialized session in ([\d.e+]+) ?ms/;
const FIRST = /First inference: ([\d.e+]+)/;
const PEAK = /Overall peak memory footprint \(MB\)[^:]*: ([\d.]+)/;
const REPLACING = /Replacing (\d+) out of (\d+) node\(s\) with delegate \(([^)]+)\) node, yielding (\d+) partitions/;
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
  const first = number(FIRST) ?? warmUp?.first ?? warmUp?.curr;
  const peak = number(PEAK);
  return {
    statistics: timed && statisticsOf(timed),
    tellsMedian: timed?.median !== undefined,
    loadSeconds: initialized === undefined ? null : initialized * MILLISECOND,
    firstRunSeconds: first === undefined ? null : first * MICROSECOND,
    peakBytes: peak === undefined ? null : peak * MEBIBYTE,
    delegates: lines.flatMap((line) => delegateOf(line) ?? []),
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

function delegateOf(line: string): DelegateUse | undefined {
  const [, nodes, ofNodes, name, partitions] = REPLACING.exec(line) ?? [];
  if (name === undefined) return undefined;
  return { name, nodes: Number(nodes), ofNodes: Number(ofNodes), partitions: Number(partitions) };
}
