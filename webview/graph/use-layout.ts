import { useEffect, useMemo, useState } from "preact/hooks";
import type { LayerProfile, Structure } from "../../profiler/profile.ts";
import { linksOf } from "../../profiler/views/graph-links.ts";
import type { Outline } from "../../profiler/views/graph-outline.ts";
import type { Direction, Layout } from "./layout/layout.ts";
import { LAYOUTER } from "./layout/layouter.ts";
import { layoutOf, pictureTask } from "./layout/picture-task.ts";

export type LayoutState =
  | { readonly kind: "running"; readonly last: Layout | null }
  | { readonly kind: "done"; readonly layout: Layout }
  | { readonly kind: "failed"; readonly message: string };

/** The layout to draw: while another is computed, the last one. */
export function shownLayout(state: LayoutState): Layout | null {
  if (state.kind === "failed") return null;
  return state.kind === "done" ? state.layout : state.last;
}

/** What a layout is made of. */
interface Source {
  readonly outline: Outline;
  readonly open: ReadonlySet<string>;
  readonly direction: Direction;
  /** Boxes say what became of them. */
  readonly hasMarks?: boolean;
}

/** The layout of each picture that was shown last: whoever comes back from another tab sees it at once. */
const kept = new WeakMap<Outline, { readonly source: Source; readonly layout: Layout }>();

/** The layout of a picture, computed anew when other boxes are open; the last one stays until then. */
export function useLayout(
  { outline, open, direction, hasMarks = false }: Source,
  layers: readonly LayerProfile[],
  structure: Structure,
): LayoutState {
  const [state, setState] = useState<LayoutState>(() => {
    const layout = keptFor({ outline, open, direction });
    return layout ? { kind: "done", layout } : { kind: "running", last: null };
  });
  const links = useMemo(() => linksOf(outline, open, layers, structure), [outline, open, layers, structure]);

  useEffect(() => {
    const shown = keptFor({ outline, open, direction });
    if (shown) {
      // Another one may have been on its way: boxes are opened and closed again before they are placed.
      setState((previous) =>
        previous.kind === "done" && previous.layout === shown ? previous : { kind: "done", layout: shown },
      );
      return undefined;
    }
    let isCurrent = true;
    setState((previous) => ({ kind: "running", last: previous.kind === "done" ? previous.layout : null }));
    const picture = pictureTask(outline, open, links, direction, hasMarks);
    LAYOUTER.layout(picture.task).then(
      (answer) => {
        if (!isCurrent) return;
        const layout = layoutOf(picture, answer);
        kept.set(outline, { source: { outline, open, direction }, layout });
        setState({ kind: "done", layout });
      },
      (error: unknown) => {
        if (isCurrent) setState({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [outline, open, links, direction]);

  return state;
}

function keptFor({ outline, open, direction }: Source): Layout | undefined {
  const last = kept.get(outline);
  if (!last) return undefined;
  const { source, layout } = last;
  return source.direction === direction && isEqual(source.open, open) ? layout : undefined;
}

function isEqual(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((id) => b.has(id));
}
