import { SAVED_TOTALS, type SavedTotal } from "../../profiler/editing/suggestion.ts";
import type { Edit } from "../../profiler/editing/edit.ts";
import { formatEdit } from "../../profiler/editing/edit.ts";
import type { ListedSuggestion } from "../protocol/editing.ts";

/** How the user looks at the suggestions: which, and in which order. */
export interface SuggestionView {
  readonly order: SuggestionOrder;
  readonly guarantee: ListedSuggestion["guarantee"] | "any";
  /** Only those that change a row that is selected in the table. */
  readonly isForSelection: boolean;
}

/** "score": the engine's ranking. */
export type SuggestionOrder = "score" | SavedTotal;

export const INITIAL_SUGGESTION_VIEW: SuggestionView = { order: "score", guarantee: "any", isForSelection: false };

export const ORDERS: readonly SuggestionOrder[] = ["score", ...SAVED_TOTALS];

/** A suggestion with its position in the list that the host gave, which conflicts refer to. */
export interface PlacedSuggestion {
  readonly suggestion: ListedSuggestion;
  readonly position: number;
}

export function shownSuggestions(
  list: readonly ListedSuggestion[],
  { order, guarantee, isForSelection }: SuggestionView,
  selectedRows: ReadonlySet<number>,
): readonly PlacedSuggestion[] {
  const shown = list
    .map((suggestion, position) => ({ suggestion, position }))
    .filter(({ suggestion }) => guarantee === "any" || suggestion.guarantee === guarantee)
    .filter(({ suggestion }) => !isForSelection || suggestion.rows.some((row) => selectedRows.has(row)));
  if (order === "score") return shown;
  const saved = ({ suggestion }: PlacedSuggestion): number => suggestion.saves[order] ?? -Infinity;
  return shown.toSorted((a, b) => saved(b) - saved(a));
}

/** How many suggestions there are for each row. Those for the whole model are about no row more than another. */
export function suggestionsByRow(list: readonly ListedSuggestion[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const row of list.flatMap(({ edit, rows }) => (edit.target === "" ? [] : rows)))
    counts.set(row, (counts.get(row) ?? 0) + 1);
  return counts;
}

/** Positions that cannot be applied together with those chosen. */
export function conflictingWith(
  chosen: ReadonlySet<number>,
  list: readonly ListedSuggestion[],
): ReadonlyMap<number, ListedSuggestion> {
  const conflicts = new Map<number, ListedSuggestion>();
  for (const position of chosen) {
    const suggestion = list[position];
    for (const other of suggestion?.conflicts ?? []) if (suggestion) conflicts.set(other, suggestion);
  }
  return conflicts;
}

/** What stays the same while options of an edit are moved. */
export function editKey(edit: Edit): string {
  return formatEdit({ ...edit, options: {} });
}
