import { useMemo, useRef } from "preact/hooks";
import type { Column } from "../../../profiler/columns.ts";
import type { LayerProfile, Structure, Totals } from "../../../profiler/profile.ts";
import { firstOpen, visibleBox, type Box } from "../../../profiler/views/graph-outline.ts";
import { costsOf, type Costs } from "../../graph/box-cost.ts";
import type { BoxMark } from "../../graph/box-mark.ts";
import type { ShownStage } from "../../graph/GraphStage.tsx";
import type { GraphView } from "../../graph/graph-view.ts";
import { knownGraph, type KnownGraph } from "../../graph/known-graph.ts";
import type { Layout } from "../../graph/layout/layout.ts";
import { shownLayout, useLayout, type LayoutState } from "../../graph/use-layout.ts";
import type { ComparedLayer } from "../compared-layers.ts";
import type { Side } from "../protocol.ts";
import type { ComparedOutlines } from "./compared-outlines.ts";
import { marksOf } from "./compared-marks.ts";

/** What a graph shows of a model. */
export interface PicturedModel {
  readonly layers: readonly LayerProfile[];
  readonly totals: Totals;
  readonly structure: Structure;
}

/** One of both graphs. */
export interface SideGraph extends KnownGraph {
  readonly side: Side;
  readonly open: ReadonlySet<string>;
  readonly state: LayoutState;
  /** The one that is shown, while the next is computed too. */
  readonly layout: Layout | null;
  readonly costs: Costs;
  readonly marks: ReadonlyMap<string, BoxMark>;
  /** The box that is drawn for the selected row. */
  readonly active: Box | undefined;
  readonly stage: { current: ShownStage | null };
}

export interface GraphChoice {
  readonly view: GraphView;
  readonly measure: Column;
  readonly selected: ComparedLayer | undefined;
}

export function useGraph(
  side: Side,
  model: PicturedModel,
  outlines: ComparedOutlines,
  { view, measure, selected }: GraphChoice,
): SideGraph {
  const { layers, structure, totals } = model;
  const known = knownGraph(layers, structure);
  const { outline } = known;
  const stage = useRef<ShownStage | null>(null);
  const open = useMemo(() => (view.open === null ? firstOpen(outline) : new Set(view.open)), [outline, view.open]);
  const state = useLayout({ outline, open, direction: view.direction, hasMarks: true }, layers, structure);
  const layout = shownLayout(state);
  const costs = useMemo(() => uncoloured(layout, measure, totals), [layout, measure, totals]);
  const marks = useMemo(() => marksOf(outlines, side), [outlines, side]);
  const layer = selected?.[side];
  const active = layer ? visibleBox(outline, open, layer.index) : undefined;
  return { ...known, side, open, state, layout, costs, marks, active, stage };
}

/** The numbers of the boxes without a colour: colours are for what became of them. */
function uncoloured(layout: Layout | null, measure: Column, totals: Totals): Costs {
  const costs = costsOf({ boxes: layout?.boxes ?? [] }, measure, totals);
  return { ...costs, of: new Map([...costs.of].map(([id, cost]) => [id, { ...cost, heat: 0 }])) };
}
