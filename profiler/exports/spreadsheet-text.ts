import { printable } from "./printable.ts";

/** Spreadsheets take a text that starts so for a formula, behind blanks too; the wide signs are those of East Asian keyboards. */
const FORMULA = /^(\s*)(?=[=+\-@\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}])/u;

/** Where a comma is the decimal point, spreadsheets part cells at semicolons, whatever stands in quotes. */
const FORMULA_OF_CELL_BEHIND = /(;\s*)(?=[=+\-@])/gu;

/** A text of a stranger as a cell that shows and computes nothing: an apostrophe before what would be a formula, which sheets do not show. */
export function spreadsheetText(text: string): string {
  return printable(text).replace(FORMULA, "'$1").replaceAll(FORMULA_OF_CELL_BEHIND, "$1'");
}
