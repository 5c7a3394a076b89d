import { columnOf, type Column } from "../columns.ts";
import { isMeasured, type LayerTimes, type NotMeasured, type RunResult } from "../device/run-result.ts";
import { printable } from "../exports/printable.ts";
import { cellText, isBookkeeping } from "../exports/summary.ts";
import { layersTable, plainTable } from "../exports/terminal.ts";
import { formatBytes, formatEnergy, formatShare, formatTime } from "../format-numbers.ts";
import type { Profile } from "../profile.ts";
import { MEASURED_COLUMNS, withMeasuredTimes } from "../views/measured-times.ts";

const COLUMNS: readonly Column[] = [
  ...["index", "name", "op", "macs", "latency"].flatMap((id) => columnOf(id) ?? []),
  ...MEASURED_COLUMNS,
];
const PICOJOULES = 1e12;

/** A run as text: its rows beside the estimates, what belongs to no row, and everything measured of the whole. */
export function runReport(result: RunResult, profile: Profile, width: number | undefined): string {
  const sections = [
    heading(result, profile),
    isMeasured(result.layers) ? rowsText(result, profile, result.layers, width) : "",
    isMeasured(result.layers) ? unmappedText(result.layers) : "",
    plainTable(figures(result), [{ align: "left" }, { align: "left" }]),
    list("Slowed down", result.throttling),
    list("Notes", result.notes),
  ];
  return sections
    .filter((text) => text !== "")
    .map((text) => `${text}\n`)
    .join("\n");
}

function heading({ model, device, runtime, settings }: RunResult, profile: Profile): string {
  const { threads, warmUpRuns, runs, delegate, cores } = settings;
  const about = [device.system, device.soc, device.serial].filter((part) => part !== null);
  const version = runtime.version === null ? "" : ` ${runtime.version}`;
  const how = [
    `${threads} ${threads === 1 ? "thread" : "threads"}`,
    ...(cores === null ? [] : [`cores ${cores.join(", ")}`]),
    ...(delegate === null ? [] : [`delegate ${delegate}`]),
    `${runs} timed ${runs === 1 ? "run" : "runs"} after ${warmUpRuns} to warm up`,
  ];
  const dimensions = Object.entries(settings.dimensions).map(([name, size]) => `Dimension ${name} = ${size}`);
  const lines = [
    `${model.file} on ${device.name} (${about.join(", ")}), estimates of hardware profile ${profile.hardware}`,
    `${runtime.name}${version} (${runtime.description}), ${how.join(", ")}, inputs: ${settings.inputs}`,
    ...dimensions,
  ];
  return lines.map(printable).join("\n");
}

/** Rows that did not run by themselves, and into which other one they went, are told by `withMeasuredTimes`. */
function rowsText(result: RunResult, profile: Profile, times: LayerTimes, width: number | undefined): string {
  const layers = withMeasuredTimes(profile.layers, result);
  const shown = layers.filter((layer) => !isBookkeeping(layer) || layer.measured !== undefined);
  const rows = shown.map((layer) =>
    COLUMNS.map((column) =>
      MEASURED_COLUMNS.includes(column) && column.value(layer, profile.totals) === null
        ? ""
        : cellText(column, layer, profile),
    ),
  );
  const sum = times.rows.reduce((total, { seconds }) => total + seconds, 0);
  const totals: Readonly<Record<string, string>> = {
    name: "Total",
    latency: formatTime(profile.totals.latencySeconds),
    measured: formatTime(sum),
    measuredShare: formatShare(times.totalSeconds > 0 ? sum / times.totalSeconds : 0),
  };
  const table = layersTable(COLUMNS, [...rows, COLUMNS.map(({ id }) => totals[id] ?? "")], width);
  const idle = shown.some(({ measured }) => measured === undefined)
    ? "\nRows without a time did not run: the runtime does without them."
    : "";
  return `${table}${idle}`;
}

function unmappedText({ unmapped, totalSeconds }: LayerTimes): string {
  if (unmapped.length === 0) return "";
  const rows = unmapped.map(({ name, op, seconds, reason }) => [
    `  ${printable(name)}`,
    printable(op ?? ""),
    formatTime(seconds),
    formatShare(totalSeconds > 0 ? seconds / totalSeconds : 0),
    printable(reason),
  ]);
  const alignments = (["left", "left", "right", "right", "left"] as const).map((align) => ({ align }));
  return `In no row:\n${plainTable(rows, alignments)}`;
}

type Figure = readonly [title: string, text: string];

function figures(result: RunResult): readonly Figure[] {
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
          `${formatTime(totalSeconds)} an inference with the profiler on, optimizations "${optimization}", mean of ${runs} ${runs === 1 ? "run" : "runs"}`,
      ),
    ],
    [
      "Peak memory",
      orReason(
        memory,
        ({ peakBytes, baselineBytes }) =>
          `${formatBytes(peakBytes)} resident${baselineBytes === null ? "" : `, ${formatBytes(baselineBytes)} before the model was loaded`}`,
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
    ["Outputs", outputsText(result)],
  ].map(([title = "", text = ""]): Figure => [title, printable(text)]);
}

function orReason<T extends object>(value: T | NotMeasured, text: (value: T) => string): string {
  return isMeasured(value) ? text(value) : `not measured: ${value.reason}`;
}

function outputsText({ outputs: { verdict, tolerance, outputs } }: RunResult): string {
  const worst = outputs.reduce((most, { maxRelative }) => Math.max(most, maxRelative ?? 0), 0);
  if (verdict === "equal")
    return `equal this machine's on the same inputs (off by ${Number(worst.toPrecision(2))} of the range)`;
  const wrong = outputs
    .filter(({ isEqual }) => !isEqual)
    .map(({ name, maxRelative, reason }) => `${name}: ${reason ?? `off by ${maxRelative?.toPrecision(2) ?? "?"}`}`);
  if (verdict === "not-compared") return `not compared: ${wrong.join("; ") || "there are none"}`;
  return `DIFFER from this machine's by more than ${tolerance} of the range (${wrong.join("; ")}): the latency is that of a wrong result`;
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : [`${title}:`, ...lines.map((line) => `  ${printable(line)}`)].join("\n");
}
