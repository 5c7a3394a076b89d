import { ownEntry } from "../own-entry.ts";
import { columnOf, type Column } from "../columns.ts";
import { isMeasured, type LayerTimes, type RunResult } from "../device/run-result.ts";
import { printable } from "../exports/printable.ts";
import { describeRuntime, runFigures, runTotals, withRunColumns } from "../exports/run-summary.ts";
import { cellText, isBookkeeping } from "../exports/summary.ts";
import { layersTable, plainTable } from "../exports/terminal.ts";
import { formatShare, formatTime } from "../format-numbers.ts";
import type { Profile } from "../profile.ts";
import { withMeasuredTimes } from "../views/measured-times.ts";

const COLUMNS: readonly Column[] = ["index", "name", "op", "macs", "latency"].flatMap((id) => columnOf(id) ?? []);

/** A run as text: its rows beside the estimates, what belongs to no row, and everything measured of the whole. */
export function runReport(result: RunResult, profile: Profile, width: number | undefined): string {
  const sections = [
    heading(result, profile),
    isMeasured(result.layers) ? rowsText(result, profile, width) : "",
    isMeasured(result.layers) ? unmappedText(result.layers) : "",
    plainTable(runFigures(result), [{ align: "left" }, { align: "left" }]),
    list("Slowed down", result.throttling),
    list("Notes", result.notes),
  ];
  return sections
    .filter((text) => text !== "")
    .map((text) => `${text}\n`)
    .join("\n");
}

function heading(result: RunResult, profile: Profile): string {
  const { model, device, settings } = result;
  const about = [device.system, device.soc, device.serial].filter((part) => part !== null);
  const dimensions = Object.entries(settings.dimensions).map(([name, size]) => `Dimension ${name} = ${size}`);
  const lines = [
    `${model.file} on ${device.name} (${about.join(", ")}), estimates of hardware profile ${profile.hardware}`,
    describeRuntime(result),
    ...dimensions,
  ];
  return lines.map(printable).join("\n");
}

/** Rows that did not run by themselves, and into which other one they went, are told by `withMeasuredTimes`. */
function rowsText(result: RunResult, profile: Profile, width: number | undefined): string {
  const layers = withMeasuredTimes(profile.layers, result);
  const shown = layers.filter((layer) => !isBookkeeping(layer) || layer.measured !== undefined);
  const columns = withRunColumns(COLUMNS, result);
  const rows = shown.map((layer) => columns.map((column) => cellText(column, layer, profile)));
  const totals: Readonly<Record<string, string>> = {
    name: "Total",
    latency: formatTime(profile.totals.latencySeconds),
    ...runTotals(result),
  };
  const table = layersTable(columns, [...rows, columns.map(({ id }) => ownEntry(totals, id) ?? "")], width);
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
  return `Unattributed time, in no row:\n${plainTable(rows, alignments)}`;
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : [`${title}:`, ...lines.map((line) => `  ${printable(line)}`)].join("\n");
}
