import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { formatCell, formatCellExact, type Column } from "../../profiler/columns.ts";
import { formatShare } from "../../profiler/format-numbers.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import { Icon } from "../controls/controls.tsx";
import { HEAD_HEIGHT, type PlacedBox } from "./layout.ts";

export interface BoxCost {
  readonly column: Column;
  /** null is unknown. */
  readonly value: number | null;
  /** Of the model's. */
  readonly share: number;
  /** Of the most expensive box that is drawn: what colours it. */
  readonly heat: number;
}

interface GraphBoxProps {
  readonly placed: PlacedBox;
  readonly cost: BoxCost;
  readonly isSelected: boolean;
  readonly isFound: boolean;
  /** The one box that Tab reaches. */
  readonly isTabStop: boolean;
  readonly onChoose: (placed: PlacedBox) => void;
  readonly onFocus: (id: string) => void;
}

/** A layer, a closed module, or the head of an open one, whose frame is no target: a drag on it moves the picture. */
export function GraphBox(props: GraphBoxProps): JSX.Element {
  const { placed, cost, isSelected, isFound, isTabStop, onChoose, onFocus } = props;
  const { box, x, y, width, height, isOpen } = placed;
  const isLayer = box.kind === "layer";
  const classes = [
    "box",
    isOpen && "open",
    !isOpen && !isLayer && "closed",
    isSelected && "selected",
    isFound && "found",
  ];
  const [title, subtitle] = textsOf(placed);
  const value = formatCell(cost.column.unit, cost.value);
  return (
    <button
      type="button"
      class={classes.filter(Boolean).join(" ")}
      data-box={box.id}
      tabIndex={isTabStop ? 0 : -1}
      {...(isLayer ? { "aria-pressed": isSelected } : { "aria-expanded": isOpen })}
      data-tip={tipOf(placed, cost)}
      style={{
        transform: `translate(${x}px, ${y}px)`,
        width: `${width}px`,
        height: `${isOpen ? HEAD_HEIGHT : height}px`,
        "--heat": isOpen ? 0 : cost.heat,
      }}
      onClick={() => onChoose(placed)}
      onFocus={() => onFocus(box.id)}
    >
      <span class="box-head">
        {!isLayer && <Icon name={isOpen ? "chevron-down" : "chevron-right"} />}
        <span class="box-title">{title}</span>
        <span class={cost.value === null ? "box-cost unknown" : "box-cost"}>
          <span class="visually-hidden">{cost.column.title} </span>
          {value}
        </span>
      </span>
      {!isOpen && <span class="box-name">{subtitle}</span>}
      {!isOpen && cost.heat > 0 && <span class="box-bar" style={{ transform: `scaleX(${cost.heat})` }} />}
    </button>
  );
}

function textsOf({ box }: PlacedBox): readonly [title: string, subtitle: string] {
  const [layer] = box.layers;
  if (box.kind === "layer" && layer) return [[layer.op, ...kernelOf(layer)].join(" "), ownName(layer)];
  return [box.name, l10n.t("{0} layers", box.layers.length.toLocaleString())];
}

/** "3×3": the kernel, where the layer's MACs are counted with one. */
function kernelOf({ macTerms: [term = []] }: LayerProfile): readonly string[] {
  const sizes = term.filter(({ name }) => name.startsWith("kernel")).map(({ value }) => String(value));
  return sizes.length > 0 ? [sizes.join("×")] : [];
}

/** The part of a name that tells a layer from its neighbours: "conv1" of "/features/conv1/Conv". */
function ownName({ name, op }: LayerProfile): string {
  const [leaf = "", parent] = name.split("/").filter(Boolean).reverse();
  return parent !== undefined && leaf.toLowerCase().startsWith(op.toLowerCase()) ? parent : leaf;
}

function tipOf({ box, isOpen }: PlacedBox, { column, value, share }: BoxCost): string {
  const lines = [
    box.kind === "layer" ? `#${box.layers[0]?.index ?? ""} ${box.name}` : box.name,
    `${column.title}: ${formatCellExact(column.unit, value)}`,
  ];
  if (value !== null) lines.push(l10n.t("{0} of the model", formatShare(share)));
  if (box.kind !== "layer") lines.push(isOpen ? l10n.t("Choose to close it.") : l10n.t("Choose to open it."));
  return lines.join("\n");
}
