import type { Column } from "../columns.ts";
import { isMeasured, runtimeText, type NotMeasured, type RunResult } from "../device/run-result.ts";
import { formatBytes, formatEnergy, formatShare, formatTime } from "../format-numbers.ts";
import { MEASURED_COLUMNS } from "../views/measured-times.ts";
import { printable } from "./printable.ts";

/** What all exports, and the command line, say of a measured run. */

export type Fact = readonly [title: string, text: string];

const PICOJOULES = 1e12;

/** The columns with those of a run behind them, where it has times of layers. */
export function withRunColumns(columns: readonly Column[], run: RunResult | undefined): readonly Column[] {
  return run !== undefined && isMeasured(run.layers) ? [...columns, ...MEASURED_COLUMNS] : columns;
}

/** Texts below the columns of a run, by the columns' ids: what its rows add up to, without what belongs to no row. */
export function runTotals(run: RunResult | undefined): Readonly<Record<string, string>> {
  if (run === undefined || !isMeasured(run.layers)) return {};
  const { rows, totalSeconds } = run.layers;
  const sum = rows.reduce((total, { seconds }) => total + seconds, 0);
  return { measured: formatTime(sum), measuredShare: formatShare(totalSeconds > 0 ? sum / totalSeconds : 0) };
}

/** "ONNX Runtime 1.27.0 (CPU), 4 threads, 50 timed runs after 3 to warm up, inputs: seeded random (seed 0)" */
export function describeRuntime({ runtime, settings }: RunResult): string {
  const { threads, warmUpRuns, runs, delegate, cores, fixedPerformance, inputs } = settings;
  const how = [
    `${threads} ${threads === 1 ? "thread" : "threads"}`,
    ...(cores === null ? [] : [`cores ${cores.join(", ")}`]),
    ...(fixedPerformance === true ? ["fixed-performance mode"] : []),
    ...(delegate === null ? [] : [`delegate ${delegate}`]),
    `${runs} timed ${runs === 1 ? "run" : "runs"} after ${warmUpRuns} to warm up`,
  ];
  return printable(`${runtimeText(runtime)}, ${how.join(", ")}, inputs: ${inputs}`);
}

/** What a run is told from others by: "Google Pixel 8 (Android 14, Google Tensor G3), 2026-03-01 12:00 UTC". */
export function describeRun({ device, startedAt }: RunResult): string {
  const about = [device.system, device.soc].filter((part) => part !== null);
  return printable(`${device.name} (${about.join(", ")}), ${startedAt.slice(0, 16).replace("T", " ")} UTC`);
}

/** Everything that was measured of the whole model. What was not says why. */
export function runFigures(result: RunResult): readonly Fact[] {
  const { latency, layers, memory, energy } = result;
  const { median, mean, p90, p99, minimum, standardDeviation } = latency.statistics;
  const times: readonly (readonly [name: string, seconds: number | null])[] = [
    ["mean", mean],
    ["p90", p90],
    ["p99", p99],
    ["fastest", minimum],
    ["spread", standardDeviation],
    ["first run", latency.firstRunSeconds],
    ["load", latency.loadSeconds],
  ];
  const known = times.flatMap(([name, seconds]) => (seconds === null ? [] : [`${name} ${formatTime(seconds)}`]));
  return [
    ["Latency", `${formatTime(median)} median (${known.join(", ")})`],
    [
      "Layers",
      orReason(
        layers,
        ({ totalSeconds, optimization, runs }) =>
          `${formatTime(totalSeconds)} an inference with the profiler on (${optimization}), mean of ${runs} ${runs === 1 ? "run" : "runs"}`,
      ),
    ],
    [
      "Peak memory",
      orReason(
        memory,
        ({ peakBytes, baselineBytes, meaning = "resident" }) =>
          `${formatBytes(peakBytes)} ${meaning}${baselineBytes === null ? "" : `, ${formatBytes(baselineBytes)} before the model was loaded`}`,
      ),
    ],
    [
      "Energy",
      orReason(
        energy,
        ({ joulesPerInference, rails }) =>
          `${formatEnergy(joulesPerInference * PICOJOULES)} an inference above idle, on ${rails.map(({ name }) => name).join(", ")}`,
      ),
    ],
    ["Outputs", describeOutputs(result)],
    ...describeSamples(result),
  ].map(([title = "", text = ""]): Fact => [title, printable(text)]);
}

/** The time that belongs to no row, each part with the reason. */
export function describeUnmapped({ layers }: RunResult): readonly string[] {
  if (!isMeasured(layers)) return [];
  return layers.unmapped.map(({ name, seconds, reason }) => printable(`${name}: ${formatTime(seconds)}. ${reason}`));
}

/** "2.91 to 1.70 GHz on the fastest core, 38 to 41 °C at the hottest sensor (12 looks)"; nothing where nobody looked. */
function describeSamples({ conditions: { during = [] } }: RunResult): readonly (readonly [string, string])[] {
  const clocks = during.flatMap(({ cores }) => {
    const known = cores.flatMap(({ hertz }) => hertz ?? []);
    return known.length === 0 ? [] : [Math.max(...known) / 1e9];
  });
  const degrees = during.flatMap(({ celsius }) => celsius ?? []);
  const parts = [
    ...(clocks.length === 0 ? [] : [`${range(clocks, 2)} GHz on the fastest core`]),
    ...(degrees.length === 0 ? [] : [`${range(degrees, 0)} °C at the hottest sensor`]),
  ];
  if (parts.length === 0) return [];
  return [["While it ran", `${parts.join(", ")} (${during.length} ${during.length === 1 ? "look" : "looks"})`]];
}

function range(values: readonly number[], digits: number): string {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits));
  return low === high ? `${low}` : `${low}–${high}`;
}

function orReason<T extends object>(value: T | NotMeasured, text: (value: T) => string): string {
  return isMeasured(value) ? text(value) : `not measured: ${value.reason}`;
}

function describeOutputs({ outputs: { verdict, tolerance, outputs } }: RunResult): string {
  const worst = outputs.reduce((most, { maxRelative }) => Math.max(most, maxRelative ?? 0), 0);
  if (verdict === "equal")
    return `equal this machine's on the same inputs (off by ${Number(worst.toPrecision(2))} of the range)`;
  const wrong = outputs
    .filter(({ isEqual }) => !isEqual)
    .map(({ name, maxRelative, reason }) => `${name}: ${reason ?? `off by ${maxRelative?.toPrecision(2) ?? "?"}`}`);
  if (verdict === "not-compared") {
    const reasons = [...new Set(outputs.flatMap(({ reason }) => reason ?? []))];
    return `not compared: ${reasons.join("; ") || "the model gives none"}`;
  }
  return `DIFFER from this machine's by more than ${tolerance} of the range (${wrong.join("; ")}): the latency is that of a wrong result`;
}
