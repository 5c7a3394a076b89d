import { INITIAL_GRAPH, restoreGraph, type GraphView } from "../graph/graph-view.ts";
import { FIRST_MEASURE, MEASURES, type Choice } from "./compared-layers.ts";
import type { Side } from "./protocol.ts";

/** How the user looks at a comparison: kept by VS Code while the page is hidden, and across restarts. */
export interface CompareView extends Choice {
  readonly tab: CompareTab;
  /** Position of the selected row. */
  readonly selected: number | null;
  readonly graphs: Readonly<Record<Side, GraphView>>;
  /** Both graphs are moved and zoomed as one. */
  readonly movesTogether: boolean;
}

export type CompareTab = "layers" | "graphs";

export const INITIAL_COMPARISON: CompareView = {
  measure: FIRST_MEASURE,
  filter: "",
  onlyDifferences: false,
  showsFolded: false,
  order: { by: "position", isDescending: false },
  tab: "layers",
  selected: null,
  graphs: { before: INITIAL_GRAPH, after: INITIAL_GRAPH },
  movesTogether: true,
};

/** What still makes sense of a state that an older version may have kept. The order starts anew: it depends on what is compared. */
export function restoreCompareView(kept: unknown): CompareView {
  if (typeof kept !== "object" || kept === null) return INITIAL_COMPARISON;
  const { measure, filter, onlyDifferences, showsFolded, tab, selected, graphs, movesTogether } = kept as Readonly<
    Record<string, unknown>
  >;
  const { before, after } = (typeof graphs === "object" && graphs !== null ? graphs : {}) as Partial<
    Record<Side, unknown>
  >;
  return {
    ...INITIAL_COMPARISON,
    ...(MEASURES.some(({ id }) => id === measure) && { measure: measure as string }),
    ...(typeof filter === "string" && { filter }),
    onlyDifferences: onlyDifferences === true,
    showsFolded: showsFolded === true,
    ...(tab === "graphs" && { tab }),
    selected: typeof selected === "number" ? selected : null,
    graphs: { before: restoreGraph(before), after: restoreGraph(after) },
    movesTogether: movesTogether !== false,
  };
}
