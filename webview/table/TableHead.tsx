import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { Icon } from "../controls/controls.tsx";
import type { Sort } from "../state/view-state.ts";
import { NARROWEST_COLUMN, PAGE_COLUMNS, type PageColumn } from "./page-columns.ts";

interface TableHeadProps {
  readonly sort: Sort | null;
  readonly onSort: (column: string) => void;
  readonly onResize: (column: string, width: number) => void;
  /** Back to the width that the column has of itself. */
  readonly onResetWidth: (column: string) => void;
}

/** One stop for Tab; the arrow keys go from header to header. */
export function TableHead({ sort, onSort, onResize, onResetWidth }: TableHeadProps): JSX.Element {
  const row = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState(0);

  const move = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = focused + step;
    if (step === 0 || next < 0 || next >= PAGE_COLUMNS.length) return;
    event.preventDefault();
    setFocused(next);
    row.current?.querySelectorAll("button")[next]?.focus();
  };

  return (
    <div role="rowgroup" class="head">
      <div role="row" class="head-row" aria-rowindex={1} ref={row} onKeyDown={move}>
        {PAGE_COLUMNS.map((column, position) => (
          <div
            key={column.id}
            role="columnheader"
            class={`column-head ${column.align}`}
            aria-sort={directionOf(column, sort)}
            data-column={column.id}
          >
            <button
              type="button"
              tabIndex={position === focused ? 0 : -1}
              data-tip={column.definition}
              onFocus={() => setFocused(position)}
              onClick={() => onSort(column.id)}
            >
              <span class="title">{column.title}</span>
              {sort?.column === column.id && <Icon name={sort.isDescending ? "arrow-down" : "arrow-up"} />}
            </button>
            <ResizeHandle onResize={(width) => onResize(column.id, width)} onReset={() => onResetWidth(column.id)} />
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
  readonly onReset: () => void;
}

function ResizeHandle({ onResize, onReset }: ResizeHandleProps): JSX.Element {
  const drag = (event: PointerEvent): void => {
    if (!(event.currentTarget instanceof HTMLElement)) return;
    event.preventDefault();
    const handle = event.currentTarget;
    const startWidth = handle.parentElement?.getBoundingClientRect().width ?? 0;
    const startX = event.clientX;
    handle.setPointerCapture(event.pointerId);
    handle.onpointermove = ({ clientX }) =>
      onResize(Math.max(NARROWEST_COLUMN, Math.round(startWidth + clientX - startX)));
    handle.onlostpointercapture = () => (handle.onpointermove = null);
  };
  return <span class="resize" aria-hidden="true" onPointerDown={drag} onDblClick={onReset} />;
}
