import { ownEntry } from "../own-entry.ts";
import { stringify } from "csv-stringify/sync";
import { COLUMNS, type Cell, type Column } from "../columns.ts";
import { isMeasured, type RunResult } from "../device/run-result.ts";
import { UNKNOWN_TEXT } from "../format-numbers.ts";
import type { Profile } from "../profile.ts";
import { describeRun, withRunColumns } from "./run-summary.ts";
import { spreadsheetText } from "./spreadsheet-text.ts";

export interface CsvOptions {
  readonly columns?: readonly Column[];
  /** The run that the layers' measured times are of. */
  readonly run?: RunResult | undefined;
}

/**
 * One line a layer under a line of titles with units, every digit of every number. Unknown is the word, never an empty field or 0.
 * A name that a spreadsheet would take for a formula is escaped, since names come from files of strangers. Behind the layers stands what
 * a run took for none of them, so that its times add up.
 */
export function profileCsv({ layers, totals }: Profile, { columns = COLUMNS, run }: CsvOptions = {}): string {
  const shown = withRunColumns(columns, run);
  const rows = layers.map((layer) => shown.map((column) => cell(column.value(layer, totals) ?? UNKNOWN_TEXT)));
  const outside = outsideRows(run).map((cells) => shown.map(({ id }) => cell(ownEntry(cells, id) ?? "")));
  const titles = shown.map((column) => heading(column, run));
  return stringify([titles.map(spreadsheetText), ...rows, ...outside]);
}

/** Only what is a number is one: "-2+3" is a name. */
function cell(value: Cell): Cell {
  return typeof value === "string" ? spreadsheetText(value) : value;
}

/** By the columns' ids. */
function outsideRows(run: RunResult | undefined): readonly Readonly<Record<string, Cell>>[] {
  if (run === undefined || !isMeasured(run.layers)) return [];
  const { unmapped, totalSeconds } = run.layers;
  return unmapped.map(({ name, op, seconds, reason }) => ({
    name,
    op,
    measured: seconds,
    measuredShare: totalSeconds > 0 ? seconds / totalSeconds : 0,
    notes: reason,
  }));
}

const UNITS_IN_HEADINGS: ReadonlySet<Column["unit"]> = new Set<Column["unit"]>(["bytes", "pJ", "s"]);

/** The measured time names its run: a file of rows has no other place for it. */
function heading({ id, title, unit }: Column, run: RunResult | undefined): string {
  const name = run !== undefined && id === "measured" ? `${title} on ${describeRun(run)}` : title;
  return UNITS_IN_HEADINGS.has(unit) ? `${name} (${unit})` : name;
}
