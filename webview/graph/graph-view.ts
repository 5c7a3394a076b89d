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

/** Field by field what still makes sense of a view that an older version may have kept. */
export function restoreGraph(kept: unknown): GraphView {
  const fields: Readonly<Record<string, unknown>> = typeof kept === "object" && kept !== null ? { ...kept } : {};
  const { column, open, direction, viewport } = fields;
  return {
    column: typeof column === "string" && graphColumn(column) ? column : INITIAL_GRAPH.column,
    open: Array.isArray(open) ? open.filter((id) => typeof id === "string") : null,
    direction: direction === "RIGHT" ? direction : INITIAL_GRAPH.direction,
    viewport: isViewport(viewport) ? viewport : null,
  };
}
