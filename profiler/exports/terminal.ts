import stringWidth from "string-width";
import type { Column } from "../columns.ts";
import type { Profile } from "../profile.ts";
import { printable, shorten } from "./printable.ts";
import {
  cellText,
  describeDimension,
  describePeak,
  describeTotals,
  describeUnknown,
  isBookkeeping,
  READABLE_COLUMNS,
  totalTexts,
} from "./summary.ts";

export interface TerminalOptions {
  /** Columns of text that a line may have; unlimited when the output is no terminal. */
  readonly width?: number | undefined;
  /** Shape arithmetic and folded constants too. */
  readonly showAll?: boolean | undefined;
}

/** Below this a name tells nothing, and lines wrap instead. */
const NARROWEST_NAME = 12;
/** Between columns. */
const GAP = "  ";
/** A list longer than this hides the table above it. */
const WARNINGS_SHOWN = 8;

/** The whole answer of `edgewise profile`: dimensions, table, totals, warnings. */
export function profileTable(profile: Profile, { width, showAll = false }: TerminalOptions = {}): string {
  const shown = showAll ? profile.layers : profile.layers.filter((layer) => !isBookkeeping(layer));
  const columns = READABLE_COLUMNS;
  const rows = shown.map((layer) => columns.map((column) => cellText(column, layer, profile)));
  const sections = [
    [`${printable(profile.file)}, hardware profile ${printable(profile.hardware)}`],
    profile.dimensions.map((dimension) => `Dimension ${describeDimension(dimension)}`),
    [layersTable(columns, [...rows, totalTexts(columns, profile)], width)],
    hiddenRows(profile.layers.length - shown.length),
    [summary(profile)],
    warnings(profile),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

/** Rows under their columns' titles, with names shortened until lines fit the width. */
export function layersTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string {
  return plainTable(fitNames([columns.map(({ title }) => title), ...rows], columns, width), columns);
}

/** Lines of cells in columns, without borders: what a terminal can copy and grep. */
export function plainTable(texts: readonly (readonly string[])[], columns: readonly Pick<Column, "align">[]): string {
  const widths = widthsOf(texts, columns);
  const pad = (text: string, at: number): string => {
    const blank = " ".repeat(Math.max(0, (widths[at] ?? 0) - widthOf(text)));
    return columns[at]?.align === "right" ? blank + text : text + blank;
  };
  return texts.map((cells) => cells.map(pad).join(GAP).trimEnd()).join("\n");
}

function widthsOf(texts: readonly (readonly string[])[], columns: readonly unknown[]): readonly number[] {
  return columns.map((_, at) => texts.reduce((most, cells) => Math.max(most, widthOf(cells[at] ?? "")), 0));
}

/**
 * Characters that take one place each, as nearly every cell has: asking the library takes a hundred times as long, and 50 ms when it is asked
 * first.
 */
const ONE_WIDE = /^[\x20-\x7e×µ·±−–—…∞≤≥←→]*$/u;

/** Nearly all cells are plain ASCII, a column for each character: asking the library for each took half of the time of a long table. */
function widthOf(text: string): number {
  return ONE_WIDE.test(text) ? text.length : stringWidth(text);
}

/** Shortens names, from their front since their end tells them apart, until lines fit the width. */
function fitNames(
  texts: readonly (readonly string[])[],
  columns: readonly Column[],
  width = Number.POSITIVE_INFINITY,
): readonly (readonly string[])[] {
  const nameAt = columns.findIndex(({ id }) => id === "name");
  const widths = widthsOf(texts, columns);
  const others = widths.reduce((sum, each, at) => sum + (at === nameAt ? 0 : each + GAP.length), 0);
  const room = Math.max(NARROWEST_NAME, width - others);
  return texts.map((cells) => cells.map((text, at) => (at === nameAt ? shorten(text, room) : text)));
}

function hiddenRows(hidden: number): readonly string[] {
  if (hidden === 0) return [];
  return [
    `… ${hidden} ${hidden === 1 ? "row" : "rows"} of shape arithmetic, constants and fused operators hidden (--all shows them)`,
  ];
}

function summary(profile: Profile): string {
  const peak = describePeak(profile);
  const lines = describeTotals(profile).map(([title, text]) => [
    title,
    title === "Peak memory" && peak !== undefined ? `${text} ${peak}` : text,
  ]);
  const unknown = describeUnknown(profile);
  const table = plainTable(lines, [{ align: "left" }, { align: "left" }]);
  return unknown === undefined ? table : `${table}\n${unknown}`;
}

function warnings({ warnings: all }: Profile): readonly string[] {
  if (all.length === 0) return [];
  const rest = all.length - WARNINGS_SHOWN;
  return [
    `${all.length} ${all.length === 1 ? "warning" : "warnings"}:`,
    ...all.slice(0, WARNINGS_SHOWN).map(({ message }) => `  ${printable(message)}`),
    ...(rest > 0 ? [`  … and ${rest} more (--format json lists all)`] : []),
  ];
}
