import { ownEntry } from "../own-entry.ts";
import { COLUMNS, formatCell, formatTotal, totalOf, TOTALS, type Column } from "../columns.ts";
import type { RunResult } from "../device/run-result.ts";
import type { BoundDimension, LayerProfile, Profile } from "../profile.ts";
import { MEASURED_COLUMNS } from "../views/measured-times.ts";
import { printable, shorten } from "./printable.ts";
import { runTotals } from "./run-summary.ts";

/** What all readable exports say above and below their table. */

/** Columns that a terminal or a document has room for. */
export const READABLE_COLUMNS: readonly Column[] = COLUMNS.filter(({ shownIn }) => shownIn.includes("terminal"));

/** Longest list of tensors alive at the peak: the first few explain it. */
const PEAK_TENSORS = 4;
/** Converters join the names of all that they fuse: in a sentence their end must do. */
const NAME_ROOM = 40;

export function isBookkeeping({ role }: LayerProfile): boolean {
  return role !== "compute";
}

/** "batch = 1 (default; image[0], mask[0])" */
export function describeDimension({ name, value, source, occurrences }: BoundDimension): string {
  const places = occurrences.length > 0 ? `; ${occurrences.join(", ")}` : "";
  return printable(`${name} = ${value} (${source}${places})`);
}

/** Totals with their titles, as text. */
export function describeTotals(profile: Profile): readonly (readonly [title: string, text: string])[] {
  return TOTALS.map((total) => [total.title, formatTotal(total, profile)]);
}

/**
 * Which layer fills the memory, and with what; nothing when that is unknown.
 * @param room characters that a name may take
 */
export function describePeak({ peak, layers }: Profile, room = NAME_ROOM): string | undefined {
  const layer = layers.find(({ index }) => index === peak.layer);
  if (!layer) return undefined;
  const named = peak.tensors
    .slice(0, PEAK_TENSORS)
    .map(({ name, bytes }) => `${shorten(name, room)} ${formatCell("bytes", bytes)}`);
  const rest = peak.tensors.length - named.length;
  const others = rest > 0 ? ` and ${rest} more` : "";
  return printable(`at #${layer.index} ${shorten(layer.name, room)}: ${named.join(", ")}${others}`);
}

/** Text of one cell; rows that are in no total are marked. A row that did not run has no measured time, which is not an unknown one. */
export function cellText(column: Column, layer: LayerProfile, profile: Profile): string {
  if (layer.measured === undefined && MEASURED_COLUMNS.includes(column)) return "";
  const text = printable(formatCell(column.unit, column.value(layer, profile.totals)));
  return column.id === "name" && !layer.isCounted ? `${text} (not counted)` : text;
}

/** The row of totals below a table, those of a run's columns among them. */
export function totalTexts(columns: readonly Column[], profile: Profile, run?: RunResult): readonly string[] {
  const measured = runTotals(run);
  return columns.map((column) => {
    if (column.id === "name") return "Total";
    const total = column.total && totalOf(column.total);
    return total ? formatTotal(total, profile) : (ownEntry(measured, column.id) ?? "");
  });
}

/** "3 rows are missing from the totals …" */
export function describeUnknown({ totals: { unknownRows } }: Profile): string | undefined {
  if (unknownRows === 0) return undefined;
  const rows = unknownRows === 1 ? "1 row is" : `${unknownRows} rows are`;
  return `${rows} missing from at least one total, because something about ${unknownRows === 1 ? "it" : "them"} is unknown.`;
}
