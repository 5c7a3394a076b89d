import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { formatCell } from "../../profiler/columns.ts";
import type { LayerProfile, Totals } from "../../profiler/profile.ts";
import { Icon } from "../controls/controls.tsx";
import { cellTip, PAGE_COLUMNS, whyUnknown, type PageColumn } from "./page-columns.ts";
import { isFolded } from "./filter-layers.ts";
import { ROW_HEIGHT } from "./use-virtual-rows.ts";

export interface LayerRowProps {
  readonly layer: LayerProfile;
  readonly position: number;
  readonly isSelected: boolean;
  readonly totals: Totals;
  /** Of each column with a bar: the value whose bar is full. */
  readonly largest: ReadonlyMap<string, number>;
  readonly onSelect: (layer: LayerProfile) => void;
}

export function rowId(layer: LayerProfile): string {
  return `layer-${layer.index}`;
}

export function LayerRow({ layer, position, isSelected, totals, largest, onSelect }: LayerRowProps): JSX.Element {
  const classes = ["row", isSelected && "selected", !layer.isCounted && "uncounted", isFolded(layer) && "folded"];
  return (
    <div
      role="row"
      id={rowId(layer)}
      class={classes.filter(Boolean).join(" ")}
      // The header is the first row.
      aria-rowindex={position + 2}
      aria-selected={isSelected}
      style={{ transform: `translateY(${position * ROW_HEIGHT}px)` }}
      onPointerDown={() => onSelect(layer)}
    >
      {PAGE_COLUMNS.map((column) => (
        <div
          key={column.id}
          role="gridcell"
          class={`cell ${column.align} column-${column.id}`}
          data-tip={cellTip(column, layer, totals)}
          {...(column.unit === "text" && column.id !== "shape" && { "data-tip-when": "cut" })}
        >
          {CELLS[column.id]?.(layer) ?? (
            <Value column={column} layer={layer} totals={totals} largest={largest.get(column.id) ?? 0} />
          )}
        </div>
      ))}
    </div>
  );
}

interface ValueProps {
  readonly column: PageColumn;
  readonly layer: LayerProfile;
  readonly totals: Totals;
  readonly largest: number;
}

/** A number with its unit in a column of its own and its share as a bar behind it; or a text as it is. */
function Value({ column, layer, totals, largest }: ValueProps): JSX.Element {
  const value = column.value(layer, totals);
  const text = formatCell(column.unit, value);
  if (value === null) return <span class="unknown">{text}</span>;
  if (column.unit === "text" || column.unit === "rows") return <>{text}</>;
  const [digits = "", unit = ""] = text.split(" ");
  const share = typeof value === "number" && largest > 0 ? value / largest : 0;
  return (
    <>
      {column.hasBar && share > 0 && layer.isCounted && <span class="bar" style={{ transform: `scaleX(${share})` }} />}
      <span class={value === 0 ? "digits zero" : "digits"}>{digits}</span>
      <span class="unit">{unit}</span>
    </>
  );
}

const CELLS: Readonly<Record<string, (layer: LayerProfile) => JSX.Element>> = {
  name: Name,
  op: ({ op, kind }) => <span class={kind === "unknown" ? "operator unknown" : "operator"}>{op}</span>,
  shape: OutputShape,
};

/** The module part gives way first when the column is narrow: the layer's own name always shows. */
function Name(layer: LayerProfile): JSX.Element {
  const cut = layer.name.lastIndexOf("/") + 1;
  const remarks = remarksOf(layer);
  return (
    <>
      <span class="module">
        <bdi dir="ltr">{layer.name.slice(0, cut)}</bdi>
      </span>
      <span class="leaf">{layer.name.slice(cut)}</span>
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
