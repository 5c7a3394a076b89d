import { createContext } from "preact";
import { alignLayers } from "../../profiler/views/align-layers.ts";
import { compareProfiles } from "../../profiler/views/compare-profiles.ts";
import type { LayerProfile, Totals } from "../../profiler/profile.ts";
import { comparedLayers, type ComparedLayer } from "../compare/compared-layers.ts";

/** What a profile is compared with, and what became of it. */
export interface Differences {
  /** Of the file without edits. */
  readonly base: Totals;
  /** Rows that the file does not have as they are, by their index. */
  readonly rows: ReadonlyMap<number, ComparedLayer>;
  /** Layers of the file that are not there any more. */
  readonly removed: readonly LayerProfile[];
}

interface Sides {
  readonly layers: readonly LayerProfile[];
  readonly totals: Totals;
}

/** Edits leave names alone: a layer of another name and operator is another layer, however much it is like one that is gone. */
export function differencesFrom(base: Sides, now: Sides): Differences {
  const compared = comparedLayers(compareProfiles(base, now, alignLayers), base.totals, now.totals);
  const rows = compared.flatMap((row) => (row.after && row.change !== "same" ? [[row.after.index, row] as const] : []));
  const removed = compared.flatMap(({ before, change }) => (before && change === "removed" ? [before] : []));
  return { base: base.totals, rows: new Map(rows), removed };
}

/** What editing has to say of the rows of the table. */
export interface RowMarks {
  /** How many suggestions there are for a row. */
  readonly suggestions: ReadonlyMap<number, number>;
  /** null while the model is the file's own. */
  readonly differences: Differences | null;
  /** Cells show how far they are from the file's instead of what they are. */
  readonly showsDifferences: boolean;
  /** Rows that something outside the page points at. */
  readonly highlighted: ReadonlySet<number>;
  readonly onSuggest: (layer: number) => void;
  /** Shows why a number of a row is unknown. */
  readonly onExplain: (layer: number) => void;
}

export const UNMARKED: RowMarks = {
  suggestions: new Map(),
  differences: null,
  showsDifferences: false,
  highlighted: new Set(),
  onSuggest: () => undefined,
  onExplain: () => undefined,
};

/** Rows look it up themselves: nothing between the page and a row needs to know. */
export const RowMarksContext = createContext(UNMARKED);
