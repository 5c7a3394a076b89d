import { INITIAL_CHARTS, restoreCharts, type ChartsView } from "../charts/charts-view.ts";
import { INITIAL_GRAPH, restoreGraph, type GraphView } from "../graph/graph-view.ts";

/** Which view of the model is shown, and how its pictures look: kept as the view of the table is. */
export interface PicturesState {
  readonly tab: ViewTab;
  /** null until the user says: then they are shown where there is room for them beside the table. */
  readonly showsCards: boolean | null;
  readonly charts: ChartsView;
  readonly graph: GraphView;
}

export const VIEW_TABS = ["layers", "charts", "graph", "runs"] as const;
export type ViewTab = (typeof VIEW_TABS)[number];

export const INITIAL_PICTURES: PicturesState = {
  tab: "layers",
  showsCards: null,
  charts: INITIAL_CHARTS,
  graph: INITIAL_GRAPH,
};

/** Field by field what still makes sense of a state that an older version may have kept. */
export function restorePictures(kept: unknown): PicturesState {
  if (typeof kept !== "object" || kept === null) return INITIAL_PICTURES;
  const { tab, showsCards, charts, graph } = kept as Partial<Record<keyof PicturesState, unknown>>;
  return {
    tab: VIEW_TABS.find((known) => known === tab) ?? INITIAL_PICTURES.tab,
    showsCards: typeof showsCards === "boolean" ? showsCards : null,
    charts: restoreCharts(charts),
    graph: restoreGraph(graph),
  };
}
