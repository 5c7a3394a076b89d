import { useEffect, useRef } from "preact/hooks";
import { useStore, type Store } from "../state/store.ts";
import type { ViewState } from "../state/view-state.ts";
import { ancestorsOf, type Line, type TableNode } from "./table-tree.ts";
import { setExpanded } from "./use-table-keys.ts";

/** Goes back to where the page was before it was hidden, once there are enough rows to scroll there. */
export function useRestoredScroll(
  grid: { readonly current: HTMLElement | null },
  isComplete: boolean,
  scrollTop: number,
): void {
  const wanted = useRef<number | null>(scrollTop);
  useEffect(() => {
    if (!isComplete || wanted.current === null) return;
    if (grid.current) grid.current.scrollTop = wanted.current;
    wanted.current = null;
  }, [grid, isComplete]);
}

interface Revealing {
  /** Id of a line, until it is in sight. */
  readonly wanted: Store<string | null>;
  readonly view: Store<ViewState>;
  readonly nodes: readonly TableNode[];
  readonly byId: ReadonlyMap<string, TableNode>;
  readonly lines: readonly Line[];
  readonly isComplete: boolean;
  readonly scrollTo: (position: number) => void;
}

/** Brings a line into sight: takes away a filter that hides it and opens what it is in. */
export function useReveal({ wanted, view, nodes, byId, lines, isComplete, scrollTo }: Revealing): void {
  const id = useStore(wanted);
  useEffect(() => {
    if (id === null) return;
    const position = lines.findIndex((line) => line.id === id);
    if (position >= 0) {
      scrollTo(position);
      wanted.set(null);
    } else if (byId.has(id)) {
      setExpanded(view, ancestorsOf(nodes, id) ?? [], true);
    } else if (view.value.filter !== "") {
      view.update({ filter: "" });
    } else if (isComplete) {
      wanted.set(null);
    }
  }, [id, lines, isComplete]);
}
