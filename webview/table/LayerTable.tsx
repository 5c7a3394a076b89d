import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { LayerProfile, Totals } from "../../profiler/profile.ts";
import type { Store } from "../state/store.ts";
import { useStore } from "../state/store.ts";
import type { ViewState } from "../state/view-state.ts";
import { LayerRow, rowId } from "./LayerRow.tsx";
import { largestValues, PAGE_COLUMNS } from "./page-columns.ts";
import { moveSelection } from "./row-navigation.ts";
import { TableHead } from "./TableHead.tsx";
import { nextSort, useSortedLayers } from "./use-layer-table.ts";
import { ROW_HEIGHT, useVirtualRows } from "./use-virtual-rows.ts";

/** Pixels; the style sheet has the same numbers. */
const HEAD_HEIGHT = 26;
const SIDE_PADDING = 10;

interface LayerTableProps {
  /** The rows that pass the filter, in file order. */
  readonly layers: readonly LayerProfile[];
  /** All rows of the model, which bars are measured against: filtering does not change them. */
  readonly allLayers: readonly LayerProfile[];
  /** False while later rows are on their way: the scroll position is restored when all are there. */
  readonly isComplete: boolean;
  readonly totals: Totals;
  readonly view: Store<ViewState>;
  /** Pixels from the top: apart from the view, because it changes with every frame of a scroll and nothing is drawn from it. */
  readonly scrollTop: Store<number>;
}

/**
 * The layers as a grid of which only the visible rows exist. The focus stays on the grid and the selected row is its active descendant,
 * as in VS Code's own lists, so that scrolling it out of sight loses nothing.
 */
export function LayerTable({ layers, allLayers, isComplete, totals, view, scrollTop }: LayerTableProps): JSX.Element {
  const { sort, selected, widths } = useStore(view);
  const grid = useRef<HTMLDivElement>(null);
  const rows = useSortedLayers(layers, totals, sort);
  const largest = useMemo(() => largestValues(allLayers, totals), [allLayers, totals]);
  const { virtualizer, positions } = useVirtualRows(grid, rows.length, HEAD_HEIGHT, scrollTop.value);
  const selectedPosition = useMemo(() => rows.findIndex(({ index }) => index === selected), [rows, selected]);
  const selectedLayer = rows[selectedPosition];
  const isSelectedDrawn = selectedLayer !== undefined && positions.includes(selectedPosition);

  useLayoutEffect(() => {
    grid.current?.style.setProperty("--columns", templateOf(widths));
    grid.current?.style.setProperty("--table-width", `${narrowestTable(widths)}px`);
  }, [widths]);
  useRestoredScroll(grid, isComplete, scrollTop.value);

  const select = (layer: LayerProfile): void => view.update({ selected: layer.index });

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const height = (grid.current?.clientHeight ?? 0) - HEAD_HEIGHT;
    const pageRows = Math.max(1, Math.floor(height / ROW_HEIGHT) - 1);
    const position = moveSelection(event.key, selectedPosition, rows.length, pageRows);
    const layer = position === undefined ? undefined : rows[position];
    if (position === undefined || layer === undefined) return;
    event.preventDefault();
    select(layer);
    virtualizer.scrollToIndex(position);
  };

  const resize = (column: string, width: number | undefined): void => {
    const { [column]: _old, ...others } = view.value.widths;
    view.update({ widths: width === undefined ? others : { ...others, [column]: width } });
  };

  return (
    <div
      role="grid"
      class="grid"
      data-testid="layers"
      ref={grid}
      tabIndex={0}
      aria-label={l10n.t("Layers")}
      aria-rowcount={rows.length + 1}
      aria-colcount={PAGE_COLUMNS.length}
      {...(isSelectedDrawn && { "aria-activedescendant": rowId(selectedLayer) })}
      onKeyDown={onKeyDown}
      onScroll={({ currentTarget }) => scrollTop.set(currentTarget.scrollTop)}
    >
      <TableHead
        sort={sort}
        onSort={(column) => view.update({ sort: nextSort(column, sort) })}
        onResize={resize}
        onResetWidth={(column) => resize(column, undefined)}
      />
      <div role="rowgroup" class="body" style={{ height: `${rows.length * ROW_HEIGHT}px` }}>
        {positions.map((position) => {
          const layer = rows[position];
          return (
            layer && (
              <LayerRow
                key={layer.index}
                layer={layer}
                position={position}
                isSelected={position === selectedPosition}
                totals={totals}
                largest={largest}
                onSelect={select}
              />
            )
          );
        })}
      </div>
      {rows.length === 0 && <p class="nothing">{l10n.t("No layer matches the filter.")}</p>}
    </div>
  );
}

function templateOf(widths: Readonly<Record<string, number>>): string {
  return PAGE_COLUMNS.map(({ id, width, stretch }) => {
    const given = widths[id];
    if (given !== undefined) return `${given}px`;
    return stretch > 0 ? `minmax(${width}px, ${stretch}fr)` : `${width}px`;
  }).join(" ");
}

/** Below this the table scrolls sideways. */
function narrowestTable(widths: Readonly<Record<string, number>>): number {
  return PAGE_COLUMNS.reduce((sum, { id, width }) => sum + (widths[id] ?? width), 2 * SIDE_PADDING);
}

/** Goes back to where the page was before it was hidden, once there are enough rows to scroll there. */
function useRestoredScroll(
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
