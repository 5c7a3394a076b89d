import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { layersTsv } from "../../profiler/exports/tsv.ts";
import type { LayerProfile, Totals } from "../../profiler/profile.ts";
import type { Preferences } from "../state/preferences.ts";
import { layerLine, only, ranged, toggled } from "../state/selection.ts";
import { useStore, type Store } from "../state/store.ts";
import type { ViewState } from "../state/view-state.ts";
import {
  gridTemplate,
  isSqueezed,
  narrowestTable,
  shownColumns,
  type ColumnChoice,
  type ColumnNeeds,
} from "./column-layout.ts";
import { ColumnsMenu } from "./ColumnsMenu.tsx";
import { fittingWidth } from "./fitting-width.ts";
import { largestLayer, largestValues } from "./page-columns.ts";
import { nextSort } from "./sort-nodes.ts";
import { TableHead } from "./TableHead.tsx";
import { contextOf, rowId, TableRow } from "./TableRow.tsx";
import { layersOfLines, type Line } from "./table-tree.ts";
import { useReveal, useRestoredScroll } from "./use-scrolling.ts";
import { setExpanded, useTableKeys } from "./use-table-keys.ts";
import { useTableLines } from "./use-table-lines.ts";
import { ROW_HEIGHT, useVirtualRows } from "./use-virtual-rows.ts";

/** Of the first line: the header's row is 1. */
const FIRST_ROW_INDEX = 2;

/** Pixels; the style sheet has the same number. */
const HEAD_HEIGHT = 26;

interface LayerTableProps {
  /** The rows that pass the filter, in file order. */
  readonly layers: readonly LayerProfile[];
  /** All rows of the model, which bars are measured against: filtering does not change them. */
  readonly allLayers: readonly LayerProfile[];
  /** False while later rows are on their way: the scroll position is restored when all are there. */
  readonly isComplete: boolean;
  readonly totals: Totals;
  readonly hasModules: boolean;
  readonly view: Store<ViewState>;
  readonly preferences: Store<Preferences>;
  /** The columns that fit. */
  readonly choice: ColumnChoice;
  /** What its texts ask for. */
  readonly needs: ColumnNeeds;
  readonly onChoose: (choice: ColumnChoice) => void;
  /** Pixels that the columns have. */
  readonly width: number;
  readonly onResize: (width: number) => void;
  /** Id of a line to bring into sight, until it is. */
  readonly wanted: Store<string | null>;
  /** Pixels from the top: apart from the view, because it changes with every frame of a scroll and nothing is drawn from it. */
  readonly scrollTop: Store<number>;
}

/**
 * The layers as a tree or a list of which only the visible lines exist. The focus stays on the grid and the active line is its active
 * descendant, as in VS Code's own lists, so that scrolling it out of sight loses nothing.
 */
export function LayerTable(props: LayerTableProps): JSX.Element {
  const { layers, allLayers, isComplete, totals, hasModules, view, preferences, wanted, scrollTop } = props;
  const { choice, needs, onChoose, width, onResize } = props;
  const state = useStore(view);
  const [menu, setMenu] = useState<DOMRect | null>(null);
  const grid = useRef<HTMLDivElement>(null);
  const { sort, selection } = state;
  const { columns: chosen, widths } = choice;
  const columns = useMemo(() => shownColumns({ columns: chosen }), [chosen]);
  const { isTree, nodes, byId, lines } = useTableLines(layers, totals, state, hasModules);
  const largest = useMemo(() => largestValues(allLayers, totals), [allLayers, totals]);
  const { virtualizer, positions } = useVirtualRows(grid, lines.length, HEAD_HEIGHT, scrollTop.value);
  const selected = useMemo(() => new Set(selection.lines), [selection.lines]);
  const active = useMemo(() => lines.findIndex(({ id }) => id === selection.active), [lines, selection.active]);
  const activeLine = lines[active];
  const isActiveDrawn = activeLine !== undefined && positions.includes(active);
  const scrollTo = (position: number): void => virtualizer.scrollToIndex(position);

  useLayoutEffect(() => {
    grid.current?.style.setProperty("--columns", gridTemplate({ columns: chosen, widths }, needs));
    grid.current?.style.setProperty("--table-width", `${narrowestTable({ columns: chosen, widths }, needs)}px`);
  }, [chosen, widths, needs]);
  useRestoredScroll(grid, isComplete, scrollTop.value);
  useReveal({ wanted, view, nodes, byId, lines, isComplete, scrollTo });
  const onKeyDown = useTableKeys({
    view,
    lines,
    active,
    pageLines: () => Math.max(1, Math.floor(((grid.current?.clientHeight ?? 0) - HEAD_HEIGHT) / ROW_HEIGHT) - 1),
    scrollTo,
    onOpen: () => preferences.update({ details: { ...preferences.value.details, isOpen: true } }),
  });

  useLayoutEffect(() => {
    if (!grid.current) return undefined;
    const observer = new ResizeObserver(([entry]) => entry && onResize(entry.contentRect.width));
    onResize(grid.current.clientWidth);
    observer.observe(grid.current);
    return () => observer.disconnect();
  }, [onResize]);

  // One listener for all rows: what a row would have to be given anew with every scroll.
  const lineAt = ({ target }: Event): Line | undefined => {
    const row = target instanceof Element ? target.closest("[role=row]") : null;
    return row ? lines[Number(row.getAttribute("aria-rowindex")) - FIRST_ROW_INDEX] : undefined;
  };
  const toggle = ({ id, isExpanded }: Line): void => setExpanded(view, [id], isExpanded !== true);
  const isOn = ({ target }: Event, part: string): boolean => target instanceof Element && target.closest(part) !== null;

  const onPointerDown = (event: PointerEvent): void => {
    const line = lineAt(event);
    if (!line) return;
    const { id } = line;
    if (line.isExpanded !== undefined && isOn(event, ".indent")) {
      event.preventDefault();
      toggle(line);
      return;
    }
    // A context menu is about the selection, where it is opened on it.
    if (event.button === 2 && selected.has(id)) return;
    const { selection: current } = view.value;
    const order = lines.map((line) => line.id);
    if (event.shiftKey) view.update({ selection: ranged(current, order, id) });
    else if (event.ctrlKey || event.metaKey) view.update({ selection: toggled(current, id) });
    else view.update({ selection: only(id) });
    // Shift would also mark text.
    if (event.shiftKey) event.preventDefault();
    grid.current?.focus({ preventScroll: true });
  };

  const copy = (event: ClipboardEvent): void => {
    const copied = layersOfLines(view.value.selection.lines, byId);
    if (copied.length === 0 || event.target !== grid.current) return;
    event.preventDefault();
    event.clipboardData?.setData("text/plain", layersTsv(copied, totals, columns));
  };

  const head = useMemo(
    () => (
      <TableHead
        choice={choice}
        sort={sort}
        onSort={(column) => {
          const next = nextSort(column, sort);
          view.update({ sort: next });
          // The largest layer may be deep in a module that is not the largest.
          const largest = next?.isDescending === true ? largestLayer(layers, column, totals) : undefined;
          if (largest) wanted.set(layerLine(largest.index));
        }}
        onChange={onChoose}
        fittingWidth={(column) => fittingWidth(column, lines, totals, isTree)}
        onMenu={setMenu}
      />
    ),
    [choice, onChoose, sort, view, lines, totals, isTree, layers, wanted],
  );

  return (
    <div
      role={isTree ? "treegrid" : "grid"}
      class={`grid ${narrowestTable(choice, needs) > width ? "wide" : ""} ${isSqueezed(choice) ? "squeezed" : ""}`}
      data-testid="layers"
      ref={grid}
      tabIndex={0}
      aria-label={l10n.t("Layers")}
      aria-rowcount={lines.length + 1}
      aria-colcount={columns.length}
      aria-multiselectable="true"
      {...(isActiveDrawn && { "aria-activedescendant": rowId(activeLine.id) })}
      // The menu key opens a menu on the table, which has the focus: it is about the active row.
      {...(activeLine?.node.kind === "layer" && { "data-vscode-context": contextOf(activeLine.node.layer) })}
      onKeyDown={onKeyDown}
      onCopy={copy}
      onScroll={({ currentTarget }) => scrollTop.set(currentTarget.scrollTop)}
    >
      {head}
      <div
        role="rowgroup"
        class="body"
        style={{ height: `${lines.length * ROW_HEIGHT}px` }}
        onPointerDown={onPointerDown}
        onClick={(event) => {
          const line = isOn(event, ".show") ? lineAt(event) : undefined;
          if (line) toggle(line);
        }}
        onDblClick={(event) => {
          const line = lineAt(event);
          if (line?.isExpanded !== undefined) toggle(line);
        }}
      >
        {positions.map((position, slot) => {
          const line = lines[position];
          return (
            line && (
              <TableRow
                key={slot}
                line={line}
                position={position}
                columns={columns}
                isTree={isTree}
                isSelected={selected.has(line.id)}
                isActive={position === active}
                totals={totals}
                largest={largest}
              />
            )
          );
        })}
      </div>
      {lines.length === 0 && <p class="nothing">{l10n.t("No layer matches the filter.")}</p>}
      {menu && <ColumnsMenu anchor={menu} choice={choice} onChange={onChoose} onClose={() => setMenu(null)} />}
    </div>
  );
}
