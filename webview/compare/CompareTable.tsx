import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { formatCell, formatCellExact, type Column } from "../../profiler/columns.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import { Icon } from "../controls/controls.tsx";
import { MARK_ICONS } from "../graph/box-mark.ts";
import { useStore, type Store } from "../state/store.ts";
import { nameParts } from "../table/line-text.ts";
import { stepTo } from "../table/tree-keys.ts";
import { ROW_HEIGHT, useVirtualRows } from "../table/use-virtual-rows.ts";
import type { CompareView } from "./compare-view.ts";
import {
  differingCosts,
  formatDifference,
  formatRelative,
  namesText,
  operatorsText,
  pairText,
  shapesText,
  shapeText,
  unseenCosts,
  type Change,
  type ComparedLayer,
  type Order,
} from "./compared-layers.ts";
import { toneOf } from "./CompareTotals.tsx";
import { CHANGE_WORDS } from "./graphs/compared-marks.ts";

/** Pixels; the style sheet has the same number. */
const HEAD_HEIGHT = 26;

interface CompareColumn {
  readonly id: Order["by"];
  readonly title: () => string;
  readonly isNumber?: true;
}

/** Titles are made when they are drawn: translations come with the first message. */
const COLUMNS: readonly CompareColumn[] = [
  { id: "position", title: () => l10n.t("Change") },
  { id: "name", title: () => l10n.t("Name") },
  { id: "op", title: () => l10n.t("Operator") },
  { id: "shape", title: () => l10n.t("Output shape") },
  { id: "before", title: () => l10n.t("Before"), isNumber: true },
  { id: "after", title: () => l10n.t("After"), isNumber: true },
  { id: "absolute", title: () => l10n.t("Difference"), isNumber: true },
  { id: "relative", title: () => l10n.t("Relative"), isNumber: true },
];

/** Among all columns, from 1. */
function columnIndex(id: CompareColumn["id"]): number {
  return COLUMNS.findIndex((column) => column.id === id) + 1;
}

interface CompareTableProps {
  readonly rows: readonly ComparedLayer[];
  readonly measure: Column;
  readonly view: Store<CompareView>;
}

/** The rows of both models as one grid of which only the visible ones exist; the focus stays on the grid, as on the page of one model. */
export function CompareTable({ rows, measure, view }: CompareTableProps): JSX.Element {
  const { order, selected } = useStore(view);
  const grid = useRef<HTMLDivElement>(null);
  const { virtualizer, positions } = useVirtualRows(grid, rows.length, HEAD_HEIGHT, 0);
  const selectedRow = useMemo(() => rows.findIndex(({ position }) => position === selected), [rows, selected]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const pageLines = Math.max(1, Math.floor(((grid.current?.clientHeight ?? 0) - HEAD_HEIGHT) / ROW_HEIGHT) - 1);
    const next = stepTo(event.key, { position: selectedRow, count: rows.length, pageLines });
    const row = next === undefined ? undefined : rows[next];
    if (next === undefined || row === undefined) return;
    event.preventDefault();
    view.update({ selected: row.position });
    virtualizer.scrollToIndex(next);
  };

  return (
    <div
      role="grid"
      class="compare-grid"
      data-testid="layers"
      ref={grid}
      tabIndex={0}
      aria-label={l10n.t("Layers compared by {0}", measure.title)}
      aria-rowcount={rows.length + 1}
      aria-colcount={COLUMNS.length}
      {...(positions.includes(selectedRow) && { "aria-activedescendant": `pair-${selected ?? 0}` })}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" class="compare-head">
        <div role="row" class="compare-row" aria-rowindex={1}>
          {COLUMNS.map((column, place) => (
            <ColumnHead
              key={column.id}
              column={column}
              place={place}
              tip={column.isNumber ? `${measure.title}: ${measure.definition}` : ""}
              order={order}
              onOrder={(next) => view.update({ order: next })}
            />
          ))}
        </div>
      </div>
      <div role="rowgroup" class="compare-body" style={{ height: `${rows.length * ROW_HEIGHT}px` }}>
        {positions.map((place, slot) => {
          const row = rows[place];
          return (
            row && (
              <Row
                key={slot}
                row={row}
                place={place}
                measure={measure}
                isSelected={place === selectedRow}
                onSelect={() => view.update({ selected: row.position })}
              />
            )
          );
        })}
      </div>
      {rows.length === 0 && <p class="nothing">{l10n.t("No row matches.")}</p>}
    </div>
  );
}

interface ColumnHeadProps {
  readonly column: CompareColumn;
  /** Among all columns: in a narrow window some are not drawn. */
  readonly place: number;
  readonly tip: string;
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
}

/** Numbers start with what grew most, texts with their first letter. */
function ColumnHead({ column: { id, title, isNumber }, place, tip, order, onOrder }: ColumnHeadProps): JSX.Element {
  const isChosen = order.by === id;
  const direction = order.isDescending ? "descending" : "ascending";
  const choose = (): void => onOrder({ by: id, isDescending: isChosen ? !order.isDescending : isNumber === true });
  return (
    <div
      role="columnheader"
      class={isNumber ? "cell right" : "cell"}
      aria-colindex={place + 1}
      aria-sort={isChosen ? direction : "none"}
    >
      <button type="button" class="compare-sort" data-tip={tip} onClick={choose}>
        {title()}
        {isChosen && <Icon name={order.isDescending ? "arrow-down" : "arrow-up"} />}
      </button>
    </div>
  );
}

/** One by its title; of several how many, as the tooltip names them. */
function unseenText(costs: readonly Column[]): string {
  const [first] = costs;
  return costs.length > 1 ? l10n.t("{0} costs", costs.length) : (first?.title ?? "");
}

interface RowProps {
  readonly row: ComparedLayer;
  readonly place: number;
  readonly measure: Column;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}

function Row({ row, place, measure, isSelected, onSelect }: RowProps): JSX.Element {
  const value = row.values.get(measure.id);
  const unseen = unseenText(unseenCosts(row, measure));
  const costs = differingCosts(row)
    .map(({ title }) => title)
    .join(", ");
  const name = pairText(row, (layer) => layer.name);
  const number = (side: "before" | "after"): JSX.Element => (
    <div
      role="gridcell"
      aria-colindex={columnIndex(side)}
      class="cell right"
      data-tip={tipOf(measure, row[side], value?.[side])}
    >
      {value?.[side] === undefined ? <span class="zero">–</span> : formatCell(measure.unit, value[side])}
    </div>
  );
  return (
    <div
      role="row"
      id={`pair-${row.position}`}
      class={`compare-row row-${row.change} ${isSelected ? "selected" : ""}`}
      aria-rowindex={place + 2}
      aria-selected={isSelected}
      style={{ transform: `translateY(${place * ROW_HEIGHT}px)` }}
      onPointerDown={onSelect}
    >
      <div
        role="gridcell"
        aria-colindex={columnIndex("position")}
        class="cell compare-change"
        {...(costs !== "" && { "data-tip": l10n.t("Differs in {0}", costs) })}
      >
        <Icon name={CHANGE_ICONS[row.change]} />
        <span>{CHANGE_WORDS[row.change]()}</span>
        {unseen !== "" && <span class="compare-text compare-unseen">{unseen}</span>}
      </div>
      <div role="gridcell" aria-colindex={columnIndex("name")} class="cell" data-tip={name}>
        <Names row={row} />
      </div>
      <div
        role="gridcell"
        aria-colindex={columnIndex("op")}
        class="cell"
        data-tip={pairText(row, ({ op }) => op)}
        data-tip-when="cut"
      >
        <span class="compare-text">{operatorsText(row)}</span>
      </div>
      <div role="gridcell" aria-colindex={columnIndex("shape")} class="cell" data-tip={pairText(row, shapeText)}>
        <span class="compare-text">{shapesText(row)}</span>
      </div>
      {number("before")}
      {number("after")}
      <div
        role="gridcell"
        aria-colindex={columnIndex("absolute")}
        class={`cell right compare-words ${toneOf(value?.absolute ?? null)}`}
      >
        {formatDifference(measure.unit, value?.absolute ?? null)}
      </div>
      <div
        role="gridcell"
        aria-colindex={columnIndex("relative")}
        class={`cell right compare-words ${toneOf(value?.absolute ?? null)}`}
      >
        {formatRelative(value?.relative ?? null)}
      </div>
    </div>
  );
}

/** One name by its segments, the operator only where it has no column; of two what tells them apart. */
function Names({ row }: { readonly row: ComparedLayer }): JSX.Element {
  const { before, after } = row;
  const layer = before ?? after;
  if (!layer || (before && after && before.name !== after.name))
    return <span class="compare-text">{namesText(row)}</span>;
  const isOneOperator = !before || !after || before.op === after.op;
  const { own, operator } = nameParts(layer.name, isOneOperator ? layer.op : undefined);
  return (
    <span class="segments">
      {own.map((segment, place) => (
        <span key={place} class="segment">
          {segment}
          {place === own.length - 1 && operator !== "" && <span class="compare-operator">{operator}</span>}
        </span>
      ))}
    </span>
  );
}

const CHANGE_ICONS: Readonly<Record<Change, string>> = { ...MARK_ICONS, same: "dash" };

function tipOf(measure: Column, layer: LayerProfile | null, value: number | null | undefined): string {
  if (layer === null || value === undefined) return l10n.t("There is no such layer.");
  return `#${layer.index} ${layer.name}\n${measure.title}: ${formatCellExact(measure.unit, value)}`;
}
