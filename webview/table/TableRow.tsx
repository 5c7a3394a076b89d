import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useContext, useMemo } from "preact/hooks";
import { formatCell, type Cell } from "../../profiler/columns.ts";
import type { LayerProfile, Totals } from "../../profiler/profile.ts";
import { DOWNLOAD_COLUMN } from "../../profiler/views/download-column.ts";
import { isFolded } from "../../profiler/views/folded-rows.ts";
import { Icon } from "../controls/controls.tsx";
import { DifferenceCell, SuggestionHint } from "../editing/row-parts.tsx";
import { RowMarksContext, type RowMarks } from "../editing/differences.ts";
import type { RowContext } from "../protocol/page.ts";
import { DownloadOnDemand } from "./DownloadCell.tsx";
import { cellTip, nodeValue, whyUnknown, type PageColumn } from "./page-columns.ts";
import { foldText, INDENT, layerCount, nameBelow, nameParts, TWISTIE } from "./line-text.ts";
import type { FoldNode, LayerNode, Line, TableNode } from "./table-tree.ts";
import { ROW_HEIGHT } from "./use-virtual-rows.ts";

export interface TableRowProps {
  readonly line: Line;
  readonly position: number;
  readonly columns: readonly PageColumn[];
  readonly isTree: boolean;
  readonly isSelected: boolean;
  readonly isActive: boolean;
  readonly totals: Totals;
  /** Of each column with a bar: the value whose bar is full. */
  readonly largest: ReadonlyMap<string, number>;
}

export function rowId(lineId: string): string {
  return lineId.startsWith("#") ? `layer-${lineId.slice(1)}` : `group-${lineId}`;
}

/** A line of the table. Its elements stay as they are until something about it changes: a scroll draws only the rows that come. */
export function TableRow(props: TableRowProps): JSX.Element {
  const { line, position, columns, isTree, isSelected, isActive, totals, largest } = props;
  const marks = useContext(RowMarksContext);
  return useMemo(
    () => <Row {...props} marks={marks} />,
    [line, position, columns, isTree, isSelected, isActive, totals, largest, marks],
  );
}

function Row(props: TableRowProps & { readonly marks: RowMarks }): JSX.Element {
  const { line, position, columns, isTree, isSelected, isActive, totals, largest, marks } = props;
  const { node, level, isExpanded } = line;
  const hasOperator = columns.some(({ id }) => id === "op");
  return (
    <div
      role="row"
      id={rowId(line.id)}
      class={classesOf(node, isSelected, isActive, marks)}
      // The header is the first row.
      aria-rowindex={position + 2}
      aria-selected={isSelected}
      {...(isTree && { "aria-level": level, "aria-posinset": line.place, "aria-setsize": line.siblings })}
      {...(isExpanded !== undefined && { "aria-expanded": isExpanded })}
      {...(node.kind === "layer" && { "data-vscode-context": contextOf(node.layer) })}
      style={{ top: `${position * ROW_HEIGHT}px` }}
    >
      {columns.map((column) => (
        <div
          key={column.id}
          role="gridcell"
          class={`cell ${column.align} column-${column.id}`}
          data-tip={cellTip(column, node, totals)}
          {...(column.unit === "text" && column.id !== "shape" && { "data-tip-when": "cut" })}
        >
          {column.id === "name" && <Indent line={line} isTree={isTree} />}
          <CellContent
            column={column}
            node={node}
            isExpanded={isExpanded}
            totals={totals}
            largest={largest.get(column.id) ?? 0}
            hasOperator={hasOperator}
          />
          {column.id === "name" && node.kind === "layer" && <SuggestionHint layer={node.layer.index} marks={marks} />}
        </div>
      ))}
    </div>
  );
}

function classesOf(node: TableNode, isSelected: boolean, isActive: boolean, marks: RowMarks): string {
  const isDimmed = node.kind === "fold" || (node.kind === "layer" && isFolded(node.layer));
  const classes = [
    "row",
    `${node.kind}-row`,
    isSelected && "selected",
    isActive && "active",
    node.kind === "layer" && !node.layer.isCounted && "uncounted",
    isDimmed && "folded",
    node.kind === "layer" && marks.highlighted.has(node.layer.index) && "highlighted",
    node.kind === "layer" && marks.differences?.rows.get(node.layer.index)?.change,
  ];
  return classes.filter(Boolean).join(" ");
}

/** What the commands of a row's context menu are told. */
export function contextOf({ index }: LayerProfile): string {
  const context: RowContext = { webviewSection: "row", layer: index, preventDefaultContextMenuItems: true };
  return JSON.stringify(context);
}

interface IndentProps {
  readonly line: Line;
  readonly isTree: boolean;
}

/** The way in to a line, and what opens and closes it. In a flat list only folded runs have it. */
function Indent({ line, isTree }: IndentProps): JSX.Element | null {
  const { level, isExpanded } = line;
  if (!isTree && isExpanded === undefined && level === 1) return null;
  return (
    <span class="indent" aria-hidden="true" style={{ width: `${(level - 1) * INDENT + TWISTIE}px` }}>
      {isExpanded !== undefined && <Icon name={isExpanded ? "chevron-down" : "chevron-right"} />}
    </span>
  );
}

interface CellProps {
  readonly column: PageColumn;
  readonly node: TableNode;
  readonly isExpanded: boolean | undefined;
  readonly totals: Totals;
  readonly largest: number;
  readonly hasOperator: boolean;
}

function CellContent(props: CellProps): JSX.Element {
  const { column, node, isExpanded, hasOperator } = props;
  if (node.kind === "fold")
    return column.id === "name" ? <FoldText node={node} isExpanded={isExpanded === true} /> : <Value {...props} />;
  if (node.kind === "module") {
    if (column.id === "name") return <span class="leaf">{node.name}</span>;
    if (column.id === "op") return <span class="count">{layerCount(node.sums.layers)}</span>;
    return <Value {...props} />;
  }
  switch (column.id) {
    case "name":
      return <Name node={node} hasOperator={hasOperator} />;
    case "op":
      return <span class={node.layer.kind === "unknown" ? "operator unknown" : "operator"}>{node.layer.op}</span>;
    case "shape":
      return <OutputShape {...node.layer} />;
    case DOWNLOAD_COLUMN.id:
      return node.layer.downloadBytes === undefined ? <DownloadOnDemand layer={node.layer} /> : <Value {...props} />;
    default:
      return (
        <DifferenceCell column={column} layer={node.layer}>
          <Value {...props} />
        </DifferenceCell>
      );
  }
}

interface FoldTextProps {
  readonly node: FoldNode;
  readonly isExpanded: boolean;
}

function FoldText({ node: { layers }, isExpanded }: FoldTextProps): JSX.Element {
  return (
    <span class="leaf">
      {foldText(layers)}
      <span class="show"> — {isExpanded ? l10n.t("hide") : l10n.t("show")}</span>
    </span>
  );
}

/** A number with its unit in a column of its own and its share as a bar behind it; or a text as it is. */
function Value({ column, node, totals, largest }: CellProps): JSX.Element {
  const value = nodeValue(column, node, totals);
  if (value === undefined) return <></>;
  const text = formatCell(column.unit, value);
  if (value === null) return <Unknown text={text} node={node} />;
  if (column.unit === "text" || column.unit === "rows") return <span class="text">{text}</span>;
  const [digits = "", unit = ""] = text.split(" ");
  const share = typeof value === "number" && largest > 0 ? value / largest : 0;
  const isBar = node.kind === "layer" && column.hasBar && share > 0 && node.layer.isCounted;
  const ofTotal = node.kind === "module" ? partOfTotal(column, value, totals) : 0;
  const isLowerBound = node.kind !== "layer" && node.sums.unknownRows > 0;
  // At least nothing is nothing known.
  if (isLowerBound && value === 0) return <span class="unknown">{formatCell(column.unit, null)}</span>;
  return (
    <>
      {isBar && <span class="bar" style={{ "--share": share }} />}
      {ofTotal > 0 && <span class="bar of-total" style={{ "--share": ofTotal }} />}
      <span class={value === 0 ? "digits zero" : "digits"}>
        {isLowerBound && <span class="at-least">≥ </span>}
        {digits}
      </span>
      <span class="unit">{unit}</span>
    </>
  );
}

/** An unknown number of a layer leads to the reason, in its details. */
function Unknown({ text, node }: { readonly text: string; readonly node: TableNode }): JSX.Element {
  const { onExplain } = useContext(RowMarksContext);
  if (node.kind !== "layer") return <span class="unknown">{text}</span>;
  const { index, name } = node.layer;
  return (
    <button
      type="button"
      class="link unknown"
      // The row is what keys move between.
      tabIndex={-1}
      aria-label={l10n.t("{0}: why in the details of {1}", text, name)}
      onClick={() => onExplain(index)}
    >
      {text}
    </button>
  );
}

/** What a module has of the model: drawn apart from the bars of layers, which compare them with the largest one. */
function partOfTotal({ total }: PageColumn, value: Cell, totals: Totals): number {
  const whole = total === undefined ? null : totals[total];
  return typeof value === "number" && whole !== null && whole > 0 ? Math.min(1, value / whole) : 0;
}

interface NameProps {
  readonly node: LayerNode;
  /** The operator has a column of its own. */
  readonly hasOperator: boolean;
}

/** In the tree what the lines above say is left out; the operator where its own column says it, but not to who listens. */
function Name({ node: { layer, module }, hasOperator }: NameProps): JSX.Element {
  const { own, operator } = nameParts(nameBelow(layer.name, module), hasOperator ? layer.op : undefined);
  const remarks = remarksOf(layer);
  return (
    <>
      <span class="segments">
        {own.map((segment, place) => (
          <span key={place} class={place < own.length - 1 && module === "" ? "segment outer" : "segment"}>
            {segment}
          </span>
        ))}
      </span>
      {operator !== "" && <span class="visually-hidden">{operator}</span>}
      {layer.repeats !== 1 && (
        <span class="repeats" data-tip={l10n.t("Runs {0} times in one inference", layer.repeats)}>
          ×{layer.repeats}
        </span>
      )}
      {remarks.length > 0 && (
        <span class="remark" role="img" aria-label={remarks.join(" ")} data-tip={remarks.join("\n")}>
          <Icon name={layer.kind === "unknown" ? "question" : layer.isCounted ? "info" : "circle-slash"} />
        </span>
      )}
    </>
  );
}

function remarksOf(layer: LayerProfile): readonly string[] {
  return [
    ...(layer.kind === "unknown" ? [whyUnknown(layer)] : []),
    ...(layer.isCounted ? [] : [l10n.t("Shown, but in no total.")]),
    ...layer.notes,
  ];
}

function OutputShape({ outputs }: LayerProfile): JSX.Element {
  const [first, ...others] = outputs;
  if (!first) return <></>;
  if (first.shape === null) return <span class="unknown">{l10n.t("unknown")}</span>;
  if (first.shape.length === 0) return <span class="zero">{l10n.t("scalar")}</span>;
  return (
    <>
      <span class="shape">
        {first.shape.map((size, axis) => (
          <span key={axis} class={typeof size === "string" ? "symbolic" : undefined}>
            {axis > 0 && <span class="times">×</span>}
            {size}
          </span>
        ))}
      </span>
      {others.length > 0 && <span class="others">+{others.length}</span>}
    </>
  );
}
