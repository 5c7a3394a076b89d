import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { Icon } from "../controls/controls.tsx";
import type { Sort } from "../state/view-state.ts";
import { moveColumn, resizeColumn, shownColumns, type ColumnChoice } from "./column-layout.ts";
import { NARROWEST_COLUMN, type PageColumn } from "./page-columns.ts";

/** Pixels by which a key makes a column wider or narrower. */
const KEY_RESIZE = 10;

interface TableHeadProps {
  readonly choice: ColumnChoice;
  readonly sort: Sort | null;
  readonly onSort: (column: string) => void;
  readonly onChange: (choice: ColumnChoice) => void;
  /** The width at which nothing in a column is cut. */
  readonly fittingWidth: (column: PageColumn) => number;
  readonly onMenu: (anchor: DOMRect) => void;
}

/**
 * One stop for Tab; the arrow keys go from header to header, with Alt they take the column along, with Shift they make it wider and
 * narrower. A header can be dragged to another one's place.
 */
export function TableHead({ choice, sort, onSort, onChange, fittingWidth, onMenu }: TableHeadProps): JSX.Element {
  const row = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState(0);
  const [dragged, setDragged] = useState<string | null>(null);
  const columns = shownColumns(choice);
  const stop = Math.min(focused, columns.length - 1);

  const focus = (position: number): void => {
    setFocused(position);
    row.current?.querySelectorAll("button")[position]?.focus();
  };
  const widthOf = (position: number): number => row.current?.children[position]?.getBoundingClientRect().width ?? 0;

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = stop + step;
    const column = columns[stop];
    if (step === 0 || !column || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.shiftKey) {
      onChange(resizeColumn(choice, column.id, widthOf(stop) + step * KEY_RESIZE));
    } else if (next >= 0 && next < columns.length) {
      if (event.altKey) onChange(moveColumn(choice, column.id, next));
      // The button moves with its column.
      if (event.altKey) setFocused(next);
      else focus(next);
    }
  };

  return (
    <div role="rowgroup" class="head">
      <div
        role="row"
        class="head-row"
        aria-rowindex={1}
        ref={row}
        onKeyDown={onKeyDown}
        onContextMenu={(event) => {
          event.preventDefault();
          event.stopPropagation();
          onMenu(new DOMRect(event.clientX, event.clientY, 0, 0));
        }}
      >
        {columns.map((column, position) => (
          <div
            key={column.id}
            role="columnheader"
            class={`column-head ${column.align} ${dragged === column.id ? "dragged" : ""}`}
            aria-sort={directionOf(column, sort)}
            aria-colindex={position + 1}
            data-column={column.id}
            draggable
            onDragStart={(event) => {
              event.dataTransfer?.setData("text/plain", column.title);
              setDragged(column.id);
            }}
            onDragOver={(event) => dragged !== null && event.preventDefault()}
            onDrop={(event) => {
              event.preventDefault();
              if (dragged !== null) onChange(moveColumn(choice, dragged, position));
            }}
            onDragEnd={() => setDragged(null)}
          >
            <button
              type="button"
              tabIndex={position === stop ? 0 : -1}
              aria-description={l10n.t("Alt and an arrow key move the column, Shift and an arrow key resize it.")}
              data-tip={column.definition}
              onFocus={() => setFocused(position)}
              onClick={() => onSort(column.id)}
            >
              <span class="title">{column.title}</span>
              {sort?.column === column.id && <Icon name={sort.isDescending ? "arrow-down" : "arrow-up"} />}
            </button>
            <ResizeHandle
              onResize={(width) => onChange(resizeColumn(choice, column.id, width))}
              onFit={() => onChange(resizeColumn(choice, column.id, fittingWidth(column)))}
            />
          </div>
        ))}
      </div>
    </div>
  );
}

function directionOf({ id }: PageColumn, sort: Sort | null): "ascending" | "descending" | "none" {
  if (sort?.column !== id) return "none";
  return sort.isDescending ? "descending" : "ascending";
}

interface ResizeHandleProps {
  readonly onResize: (width: number) => void;
  readonly onFit: () => void;
}

function ResizeHandle({ onResize, onFit }: ResizeHandleProps): JSX.Element {
  const latest = useRef(onResize);
  latest.current = onResize;
  const drag = (event: PointerEvent): void => {
    if (!(event.currentTarget instanceof HTMLElement)) return;
    event.preventDefault();
    const handle = event.currentTarget;
    const startWidth = handle.parentElement?.getBoundingClientRect().width ?? 0;
    const startX = event.clientX;
    handle.setPointerCapture(event.pointerId);
    handle.onpointermove = ({ clientX }) => latest.current(Math.max(NARROWEST_COLUMN, startWidth + clientX - startX));
    handle.onlostpointercapture = () => (handle.onpointermove = null);
  };
  // A drag of the handle is none of the column.
  return (
    <span
      class="resize"
      aria-hidden="true"
      draggable
      onDragStart={(event) => {
        event.preventDefault();
        event.stopPropagation();
      }}
      onPointerDown={drag}
      onDblClick={onFit}
    />
  );
}
