import { COLUMNS, type Cell, type Column } from "../columns.ts";
import { UNKNOWN_TEXT } from "../format-numbers.ts";
import type { LayerProfile, Totals } from "../profile.ts";
import { spreadsheetText } from "./spreadsheet-text.ts";

/** Some rows for the clipboard, to be pasted into a spreadsheet: titles first, tabs between cells, every digit of every number. */
export function layersTsv(
  layers: readonly LayerProfile[],
  totals: Totals,
  columns: readonly Column[] = COLUMNS,
): string {
  const rows = layers.map((layer) => columns.map((column) => cell(column.value(layer, totals) ?? UNKNOWN_TEXT)));
  return [columns.map(({ title }) => title), ...rows].map((cells) => `${cells.join("\t")}\n`).join("");
}

/** A cell that begins with a quote ends at the next one, whatever stands between: so it is quoted whole. */
function cell(value: NonNullable<Cell>): string {
  if (typeof value !== "string") return String(value);
  const text = spreadsheetText(value);
  return text.includes('"') ? `"${text.replaceAll('"', '""')}"` : text;
}
