import { SAVED_TOTALS, type SavedTotal } from "../../profiler/editing/suggestion.ts";
import type { Edit } from "../../profiler/editing/edit.ts";
import { formatEdit } from "../../profiler/editing/edit.ts";
import type { FoundSuggestions, ListedAbsence, ListedSuggestion } from "../protocol/editing.ts";

/** How the user looks at the suggestions: which, and in which order. */
export interface SuggestionView {
  readonly order: SuggestionOrder;
  readonly guarantee: ListedSuggestion["guarantee"] | "any";
  /** Only those that change a row that is selected in the table. */
  readonly isForSelection: boolean;
  /** Kinds, by their restructurings, of which all are shown and not only the best. */
  readonly openKinds: ReadonlySet<string>;
  /** Those that save next to nothing are shown too. */
  readonly showsSmall: boolean;
  /** Key of the one that is folded out. */
  readonly opened: string | null;
}

/** "score": the engine's ranking. */
export type SuggestionOrder = "score" | SavedTotal;

export const INITIAL_SUGGESTION_VIEW: SuggestionView = {
  order: "score",
  guarantee: "any",
  isForSelection: false,
  openKinds: new Set(),
  showsSmall: false,
  opened: null,
};

export const ORDERS: readonly SuggestionOrder[] = ["score", ...SAVED_TOTALS];

/** A suggestion with its position in the list that the host gave, which conflicts refer to. */
export interface PlacedSuggestion {
  readonly suggestion: ListedSuggestion;
  readonly position: number;
}

export function shownSuggestions(
  list: readonly ListedSuggestion[],
  { order, guarantee, isForSelection }: Pick<SuggestionView, "order" | "guarantee" | "isForSelection">,
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

/** What is not offered at one of the rows, what no edit reaches first; all of it where no rows are given. */
export function shownAbsences(
  absences: readonly ListedAbsence[],
  rows: ReadonlySet<number> | null,
): readonly ListedAbsence[] {
  return rows === null ? absences : absences.filter((absence) => absence.rows.some((row) => rows.has(row)));
}

/** Suggestions of one restructuring, the best of them first. */
export interface SuggestionKind {
  readonly restructuring: string;
  readonly title: string;
  readonly members: readonly PlacedSuggestion[];
}

/** Of every total: what saves less than this is folded away, since it is lost in what others save. */
const SMALL_SAVING = 0.01;

/** Whether nothing that an edit saves is worth a line of its own. */
export function isSmall({ saves }: Pick<ListedSuggestion, "saves">): boolean {
  return SAVED_TOTALS.every((total) => (saves[total] ?? 0) < SMALL_SAVING);
}

/** By restructuring, in the order of the best of each: an order among all of them is kept within a kind. */
export function kindsOf(shown: readonly PlacedSuggestion[]): readonly SuggestionKind[] {
  const kinds = new Map<string, PlacedSuggestion[]>();
  for (const placed of shown) {
    const { restructuring } = placed.suggestion.edit;
    const known = kinds.get(restructuring);
    if (known) known.push(placed);
    else kinds.set(restructuring, [placed]);
  }
  return [...kinds].map(([restructuring, members]) => ({
    restructuring,
    title: members[0]?.suggestion.title ?? restructuring,
    members,
  }));
}

/** What is known of a revision with what was found since. Looking may start anew on another thread: nothing is listed twice. */
export function withFound(known: FoundSuggestions | null, found: FoundSuggestions): FoundSuggestions {
  if (known?.revision !== found.revision) return found;
  const keys = new Set(known.list.map(({ edit }) => editKey(edit)));
  return { ...found, list: [...known.list, ...found.list.filter(({ edit }) => !keys.has(editKey(edit)))] };
}

/** The most worthwhile first, whatever they guarantee: those found so far have no other order. */
export function ranked(list: readonly ListedSuggestion[]): readonly ListedSuggestion[] {
  return list.toSorted((a, b) => b.score - a.score);
}

/** How many suggestions there are for each row. Those for the whole model are about no row more than another. */
export function suggestionsByRow(list: readonly ListedSuggestion[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const row of list.flatMap(({ edit, rows }) => (edit.target === "" ? [] : rows)))
    counts.set(row, (counts.get(row) ?? 0) + 1);
  return counts;
}

/** Where those of some keys stand: another ranking has them at other positions. */
export function positionsOf(keys: ReadonlySet<string>, list: readonly ListedSuggestion[]): ReadonlySet<number> {
  return new Set(list.flatMap(({ edit }, position) => (keys.has(editKey(edit)) ? [position] : [])));
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
