import * as l10n from "@vscode/l10n";
import { COLUMNS as ENGLISH_COLUMNS, TOTALS as ENGLISH_TOTALS, type Column, type Total } from "../profiler/columns.ts";

/** The profiler's columns and totals in the user's language: what they are called is data there, in English, and its own key here. */

interface Defined {
  readonly title: string;
  readonly definition: string;
}

/** Looked up whenever they are shown: the language is known only when the page has started. */
export function localised<Item extends Defined>(item: Item): Item {
  return {
    ...item,
    get title() {
      return l10n.t(item.title);
    },
    get definition() {
      return l10n.t(item.definition);
    },
  };
}

export const COLUMNS: readonly Column[] = ENGLISH_COLUMNS.map(localised);
export const TOTALS: readonly Total[] = ENGLISH_TOTALS.map(localised);

export function columnOf(id: string): Column | undefined {
  return COLUMNS.find((column) => column.id === id);
}

export function totalOf(id: string): Total | undefined {
  return TOTALS.find((total) => total.id === id);
}
