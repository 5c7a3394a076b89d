import { ownEntry } from "../../profiler/own-entry.ts";
import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { Icon } from "../controls/controls.tsx";
import { Popover } from "../controls/Popover.tsx";
import { shownColumns, toggleColumn, type ColumnChoice } from "./column-layout.ts";
import { PAGE_COLUMNS, TREE_COLUMN } from "./page-columns.ts";

interface ColumnsMenuProps {
  readonly anchor: DOMRect;
  readonly choice: ColumnChoice;
  readonly onChange: (choice: ColumnChoice) => void;
  readonly onClose: () => void;
}

/** Every column there is, checked where it is shown. Arrow keys go from one to the next, Space and Enter check, Escape closes. */
export function ColumnsMenu({ anchor, choice, onChange, onClose }: ColumnsMenuProps): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  const shown = new Set(shownColumns(choice).map(({ id }) => id));

  const move = (event: KeyboardEvent): void => {
    const items = [...(list.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const from = items.findIndex((item) => item === document.activeElement);
    const to = ownEntry(MOVES, event.key)?.(from, items.length);
    if (to === undefined) return;
    event.preventDefault();
    items.at(to % items.length)?.focus();
  };

  return (
    <Popover id="columns-menu" label={l10n.t("Columns")} role="menu" anchor={anchor} onClose={onClose}>
      <div class="menu" role="none" ref={list} onKeyDown={move}>
        {PAGE_COLUMNS.map(({ id, title, definition }) => (
          <button
            key={id}
            type="button"
            role="menuitemcheckbox"
            class="menu-item"
            aria-checked={shown.has(id)}
            aria-disabled={id === TREE_COLUMN}
            data-tip={definition}
            onClick={() => onChange(toggleColumn(choice, id))}
          >
            <Icon name={shown.has(id) ? "check" : "blank"} />
            {id === "index" ? l10n.t("Position (#)") : title}
          </button>
        ))}
        <button
          type="button"
          role="menuitem"
          class="menu-item last"
          onClick={() => {
            onChange({ columns: null, widths: {} });
            onClose();
          }}
        >
          <Icon name="discard" />
          {l10n.t("Reset Columns")}
        </button>
      </div>
    </Popover>
  );
}

const MOVES: Readonly<Record<string, (from: number, count: number) => number>> = {
  ArrowDown: (from) => from + 1,
  ArrowUp: (from, count) => from - 1 + (from <= 0 ? count : 0),
  Home: () => 0,
  End: (_from, count) => count - 1,
};
