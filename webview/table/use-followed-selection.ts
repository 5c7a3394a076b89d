import { useLayoutEffect, useRef } from "preact/hooks";
import type { ShownProfile } from "../state/model-client.ts";
import { followed } from "../state/selection.ts";
import type { Store } from "../state/store.ts";
import type { ViewState } from "../state/view-state.ts";

/** Keeps what is selected while edits move layers to other places. */
export function useFollowedSelection(view: Store<ViewState>, { layers, isComplete }: ShownProfile): void {
  const last = useRef<ShownProfile["layers"] | null>(null);
  useLayoutEffect(() => {
    if (!isComplete) return;
    const before = last.current;
    last.current = layers;
    if (!before || isSameOrder(before, layers)) return;
    view.update({ selection: followed(view.value.selection, before, layers) });
  }, [view, layers, isComplete]);
}

function isSameOrder(before: ShownProfile["layers"], after: ShownProfile["layers"]): boolean {
  return before.length === after.length && before.every(({ name }, index) => name === after[index]?.name);
}
