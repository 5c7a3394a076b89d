import { useRef } from "preact/hooks";
import { everything, moved, only, ranged, toggled } from "../state/selection.ts";
import type { Store } from "../state/store.ts";
import type { ViewState } from "../state/view-state.ts";
import { foldText } from "./line-text.ts";
import type { Line } from "./table-tree.ts";
import { findTyped, keyAction } from "./tree-keys.ts";

/** Letters typed within this time make one word. As in VS Code's lists. */
const TYPING_MILLISECONDS = 800;

export interface TableKeys {
  readonly view: Store<ViewState>;
  readonly lines: readonly Line[];
  /** Position of the active line; -1 when none is in sight. */
  readonly active: number;
  readonly pageLines: () => number;
  readonly scrollTo: (position: number) => void;
  /** Enter. */
  readonly onOpen: () => void;
}

/** Keys of the table: move, range, open and close, find by typing, all. */
export function useTableKeys(table: TableKeys): (event: KeyboardEvent) => void {
  const typed = useRef({ text: "", at: -Infinity });
  const { view, lines, active, scrollTo, onOpen } = table;

  const moveTo = (position: number, { shiftKey, ctrlKey, metaKey }: KeyboardEvent): void => {
    const line = lines[position];
    if (!line) return;
    const { selection } = view.value;
    if (shiftKey)
      view.update({
        selection: ranged(
          selection,
          lines.map(({ id }) => id),
          line.id,
        ),
      });
    else view.update({ selection: ctrlKey || metaKey ? moved(selection, line.id) : only(line.id) });
    scrollTo(position);
  };

  const find = (key: string, event: KeyboardEvent): void => {
    const isContinued = event.timeStamp - typed.current.at < TYPING_MILLISECONDS;
    const text = isContinued ? typed.current.text + key : key;
    typed.current = { text, at: event.timeStamp };
    const from = Math.max(0, isContinued ? active : active + 1);
    const position = findTyped(text, lines.map(nameOf), from);
    if (position >= 0) moveTo(position, event);
  };

  const withControl = (event: KeyboardEvent): boolean => {
    const { selection } = view.value;
    const line = lines[active];
    if (event.key.toLowerCase() === "a") {
      view.update({
        selection: everything(
          selection,
          lines.map(({ id }) => id),
        ),
      });
      return true;
    }
    if (event.key === " " && line) {
      view.update({ selection: toggled(selection, line.id) });
      return true;
    }
    return false;
  };

  return (event) => {
    if (event.target !== event.currentTarget || event.altKey) return;
    const { key } = event;
    const hasControl = event.ctrlKey || event.metaKey;
    const isTyping = event.timeStamp - typed.current.at < TYPING_MILLISECONDS;
    const action =
      key === " " && (isTyping || hasControl)
        ? undefined
        : keyAction(key, { lines, position: active, pageLines: table.pageLines() });
    if (action?.kind === "move") moveTo(action.to, event);
    else if (action?.kind === "expand") setExpanded(view, action.lines, true);
    else if (action?.kind === "collapse") setExpanded(view, [action.line], false);
    else if (hasControl) {
      if (!withControl(event)) return;
    } else if (key === "Enter") onOpen();
    else if (key === "Escape" && view.value.selection.lines.length > 1 && lines[active]) {
      view.update({ selection: only(lines[active].id) });
    } else if (key.length === 1) find(key, event);
    else return;
    event.preventDefault();
  };
}

/** Opens or closes lines; while a filter is in force, for as long as it is. */
export function setExpanded(view: Store<ViewState>, ids: readonly string[], isExpanded: boolean): void {
  const field = view.value.filter.trim() === "" ? "expansion" : "filteredExpansion";
  const changes = Object.fromEntries(ids.map((id) => [id, isExpanded]));
  view.update({ [field]: { ...view.value[field], ...changes } });
}

/** What a line is found by when its name is typed. */
function nameOf({ node }: Line): string {
  switch (node.kind) {
    case "module":
      return node.name;
    case "fold":
      return foldText(node.layers);
    case "layer":
      return node.layer.name.slice(node.layer.name.lastIndexOf("/") + 1);
  }
}
