import * as v from "valibot";
import { restored } from "./kept-fields.ts";
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

const VIEW_TABS = ["layers", "charts", "graph", "runs"] as const;
export type ViewTab = (typeof VIEW_TABS)[number];

export const INITIAL_PICTURES: PicturesState = {
  tab: "layers",
  showsCards: null,
  charts: INITIAL_CHARTS,
  graph: INITIAL_GRAPH,
};

const PICTURES = v.object({
  tab: v.fallback(v.picklist(VIEW_TABS), INITIAL_PICTURES.tab),
  showsCards: v.fallback(v.nullable(v.boolean()), null),
  charts: restored(restoreCharts),
  graph: restored(restoreGraph),
});

/** Field by field what still makes sense of a state that an older version may have kept. */
export function restorePictures(kept: unknown): PicturesState {
  return v.parse(v.fallback(PICTURES, INITIAL_PICTURES), kept);
}
