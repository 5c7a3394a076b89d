import { useEffect, useMemo, useState } from "preact/hooks";
import type { Edge } from "../../profiler/profile.ts";
import { linksOf, type Outline } from "../../profiler/views/graph-outline.ts";
import { fromElk, toElk, type Direction, type Layout } from "./layout.ts";
import { Layouter } from "./layouter.ts";

export type LayoutState =
  | { readonly kind: "running"; readonly last: Layout | null }
  | { readonly kind: "done"; readonly layout: Layout }
  | { readonly kind: "failed"; readonly message: string };

/** The layout of a picture, computed anew when other boxes are open; the last one stays until then. */
export function useLayout(
  outline: Outline,
  open: ReadonlySet<string>,
  edges: readonly Edge[],
  direction: Direction,
): LayoutState {
  const [layouter] = useState(() => new Layouter());
  const [state, setState] = useState<LayoutState>({ kind: "running", last: null });
  const links = useMemo(() => linksOf(outline, open, edges), [outline, open, edges]);

  useEffect(() => () => layouter.dispose(), [layouter]);
  useEffect(() => {
    let isCurrent = true;
    setState((previous) => ({ kind: "running", last: previous.kind === "done" ? previous.layout : null }));
    layouter.layout(toElk(outline, open, links, direction)).then(
      (root) => {
        if (isCurrent) setState({ kind: "done", layout: fromElk(root, outline, links) });
      },
      (error: unknown) => {
        if (isCurrent) setState({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [layouter, outline, open, links, direction]);

  return state;
}
