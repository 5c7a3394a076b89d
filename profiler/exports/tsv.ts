import { COLUMNS, type Column } from "../columns.ts";
import { UNKNOWN_TEXT } from "../format-numbers.ts";
import type { LayerProfile, Totals } from "../profile.ts";
import { printable } from "./printable.ts";

/** Some rows for the clipboard, to be pasted into a spreadsheet: titles first, tabs between cells, every digit of every number. */
export function layersTsv(
  layers: readonly LayerProfile[],
  totals: Totals,
  columns: readonly Column[] = COLUMNS,
): string {
  const rows = layers.map((layer) => columns.map((column) => String(column.value(layer, totals) ?? UNKNOWN_TEXT)));
  return [columns.map(({ title }) => title), ...rows].map((cells) => `${cells.map(cell).join("\t")}\n`).join("");
}

/** A spreadsheet takes a text that starts like these for a formula: a name of a stranger must not be one. Numbers may be negative. */
const FORMULA = /^[=+@]|^-(?!\d)/;

function cell(text: string): string {
  const line = printable(text);
  return FORMULA.test(line) ? `'${line}` : line;
}
