import type { EditingPart } from "../protocol/editing.ts";
import { restorePictures, type PicturesState } from "./pictures.ts";
import { NOTHING_SELECTED, type Selection } from "./selection.ts";

/** How the user looks at a model: kept by VS Code while the page is hidden, and across restarts. */
export interface ViewState {
  readonly sort: Sort | null;
  readonly filter: string;
  /** null: as a tree where the model has modules. */
  readonly layout: "tree" | "flat" | null;
  /** Modules and runs that the user has opened or closed, by their ids. */
  readonly expansion: Expansion;
  /** The same while a filter is in force, which opens all modules anew. */
  readonly filteredExpansion: Expansion;
  readonly showsWarnings: boolean;
  readonly selection: Selection;
  /** Part of the suggestions view that is open. */
  readonly editing: EditingPart | null;
  /** Cells show how far the edited model is from its file. */
  readonly showsDifferences: boolean;
}

const EDITING_PARTS: readonly EditingPart[] = ["suggestions", "fit", "calibration", "history"];

export type Expansion = Readonly<Record<string, boolean>>;

export interface Sort {
  readonly column: string;
  readonly isDescending: boolean;
}

export const INITIAL_VIEW: ViewState = {
  sort: null,
  filter: "",
  layout: null,
  expansion: {},
  filteredExpansion: {},
  showsWarnings: false,
  selection: NOTHING_SELECTED,
  editing: null,
  showsDifferences: false,
};

/** What VS Code keeps for a page. */
export interface KeptState {
  readonly view: ViewState;
  readonly pictures: PicturesState;
  readonly scrollTop: number;
}

export function restoreKept(kept: unknown): KeptState {
  const { view, pictures, scrollTop } = isRecord(kept) ? kept : {};
  return { view: restoreView(view), pictures: restorePictures(pictures), scrollTop: isSize(scrollTop) ? scrollTop : 0 };
}

/** Field by field what still makes sense of a state that an older version may have kept. */
function restoreView(kept: unknown): ViewState {
  if (!isRecord(kept)) return INITIAL_VIEW;
  const { sort, filter, layout, expansion, filteredExpansion, showsWarnings, selection } = kept;
  const { editing, showsDifferences } = kept;
  return {
    sort: isSort(sort) ? { column: sort.column, isDescending: sort.isDescending } : null,
    filter: typeof filter === "string" ? filter : INITIAL_VIEW.filter,
    layout: layout === "tree" || layout === "flat" ? layout : null,
    expansion: restoreExpansion(expansion),
    filteredExpansion: restoreExpansion(filteredExpansion),
    showsWarnings: showsWarnings === true,
    selection: restoreSelection(selection),
    editing: EDITING_PARTS.find((part) => part === editing) ?? null,
    showsDifferences: showsDifferences === true,
  };
}

function restoreExpansion(kept: unknown): Expansion {
  const entries = isRecord(kept) ? Object.entries(kept) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, boolean] => typeof entry[1] === "boolean"));
}

function restoreSelection(kept: unknown): Selection {
  if (!isRecord(kept)) return NOTHING_SELECTED;
  const { active, anchor, lines } = kept;
  const line = (value: unknown): string | null => (typeof value === "string" ? value : null);
  return { active: line(active), anchor: line(anchor), lines: Array.isArray(lines) ? lines.filter(isText) : [] };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isSort(value: unknown): value is Sort {
  return isRecord(value) && typeof value.column === "string" && typeof value.isDescending === "boolean";
}

export function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
