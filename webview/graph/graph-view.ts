import * as v from "valibot";
import { fittingItems } from "../../profiler/outside-data.ts";
import { graphColumn } from "./graph-columns.ts";
import type { Direction } from "./layout/layout.ts";
import { isViewport, type Viewport } from "./viewport.ts";

/** How the user looks at the picture of the graph. */
export interface GraphView {
  /** The column that colours the boxes. */
  readonly column: string;
  /** Boxes that are open; null as long as the user has not opened or closed one. */
  readonly open: readonly string[] | null;
  /** Which way the network runs. */
  readonly direction: Direction;
  /** null as long as the user has not moved the picture. */
  readonly viewport: Viewport | null;
}

export const INITIAL_GRAPH: GraphView = { column: "macs", open: null, direction: "DOWN", viewport: null };

const GRAPH = v.object({
  column: v.fallback(
    v.pipe(
      v.string(),
      v.check((id) => graphColumn(id) !== undefined),
    ),
    INITIAL_GRAPH.column,
  ),
  open: v.fallback(v.nullable(fittingItems(v.string())), null),
  direction: v.fallback(v.picklist(["DOWN", "RIGHT"]), INITIAL_GRAPH.direction),
  viewport: v.fallback(v.nullable(v.custom<Viewport>(isViewport)), null),
});

/** Field by field what still makes sense of a view that an older version may have kept. */
export function restoreGraph(kept: unknown): GraphView {
  return v.parse(v.fallback(GRAPH, INITIAL_GRAPH), kept);
}
