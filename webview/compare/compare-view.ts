import * as v from "valibot";
import { INITIAL_GRAPH, restoreGraph, type GraphView } from "../graph/graph-view.ts";
import { restored } from "../state/kept-fields.ts";
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

const graph = restored(restoreGraph);

const KEPT = v.object({
  measure: v.fallback(
    v.pipe(
      v.string(),
      v.check((measure) => MEASURES.some(({ id }) => id === measure)),
    ),
    INITIAL_COMPARISON.measure,
  ),
  filter: v.fallback(v.string(), INITIAL_COMPARISON.filter),
  onlyDifferences: v.fallback(v.boolean(), INITIAL_COMPARISON.onlyDifferences),
  showsFolded: v.fallback(v.boolean(), INITIAL_COMPARISON.showsFolded),
  tab: v.fallback(v.picklist(["layers", "graphs"]), INITIAL_COMPARISON.tab),
  selected: v.fallback(v.nullable(v.number()), INITIAL_COMPARISON.selected),
  graphs: v.fallback(v.object({ before: graph, after: graph }), INITIAL_COMPARISON.graphs),
  movesTogether: v.fallback(v.boolean(), INITIAL_COMPARISON.movesTogether),
});

/** What still makes sense of a state that an older version may have kept. The order starts anew: it depends on what is compared. */
export function restoreCompareView(kept: unknown): CompareView {
  return { ...INITIAL_COMPARISON, ...v.parse(v.fallback(KEPT, INITIAL_COMPARISON), kept) };
}
