import * as v from "valibot";
import { listOf } from "../../profiler/outside-data.ts";
import type { EditingPart } from "../protocol/editing.ts";
import { entriesOf, pixels } from "./kept-fields.ts";
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

const expansion = entriesOf(v.boolean());
const line = v.fallback(v.nullable(v.string()), null);

const VIEW = v.object({
  sort: v.fallback(v.nullable(v.object({ column: v.string(), isDescending: v.boolean() })), null),
  filter: v.fallback(v.string(), INITIAL_VIEW.filter),
  layout: v.fallback(v.nullable(v.picklist(["tree", "flat"])), null),
  expansion,
  filteredExpansion: expansion,
  showsWarnings: v.fallback(v.boolean(), false),
  selection: v.fallback(v.object({ active: line, anchor: line, lines: listOf(v.string()) }), NOTHING_SELECTED),
  editing: v.fallback(v.nullable(v.picklist(EDITING_PARTS)), null),
  showsDifferences: v.fallback(v.boolean(), false),
});

const KEPT = v.object({
  view: v.fallback(VIEW, INITIAL_VIEW),
  pictures: v.optional(v.unknown()),
  scrollTop: v.fallback(pixels, 0),
});

/** Field by field what still makes sense of a state that an older version may have kept. */
export function restoreKept(kept: unknown): KeptState {
  const { view, pictures, scrollTop } = v.parse(v.fallback(KEPT, { view: INITIAL_VIEW, scrollTop: 0 }), kept);
  return { view, pictures: restorePictures(pictures), scrollTop };
}
