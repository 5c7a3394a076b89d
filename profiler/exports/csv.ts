import { stringify } from "csv-stringify/sync";
import { COLUMNS, type Column } from "../columns.ts";
import { UNKNOWN_TEXT } from "../format-numbers.ts";
import type { Profile } from "../profile.ts";

/**
 * One line a layer under a line of titles with units, every digit of every number. Unknown is the word, never an empty field or 0.
 * A name that a spreadsheet would take for a formula is escaped, since names come from files of strangers.
 */
export function profileCsv({ layers, totals }: Profile, columns: readonly Column[] = COLUMNS): string {
  const rows = layers.map((layer) => columns.map((column) => column.value(layer, totals) ?? UNKNOWN_TEXT));
  return stringify([columns.map(heading), ...rows], { escape_formulas: true });
}

const UNITS_IN_HEADINGS: ReadonlySet<Column["unit"]> = new Set<Column["unit"]>(["bytes", "pJ", "s"]);

function heading({ title, unit }: Column): string {
  return UNITS_IN_HEADINGS.has(unit) ? `${title} (${unit})` : title;
}
