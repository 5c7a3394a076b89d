import * as l10n from "@vscode/l10n";
import { formatCellExact } from "../../profiler/columns.ts";
import { formatShape, formatShare } from "../../profiler/format-numbers.ts";
import type { LayerProfile, TensorProfile } from "../../profiler/profile.ts";
import type { Box } from "../../profiler/views/graph-outline.ts";
import { layerCount } from "../table/line-text.ts";
import type { BoxCost } from "./box-cost.ts";
import type { BoxMark } from "./box-mark.ts";

export interface BoxText {
  readonly title: string;
  readonly name: string;
  /** Shape of the weights, or what an end is; empty where there is nothing to say. */
  readonly weights: string;
}

export function boxText({ kind, name, layers, tensor }: Box): BoxText {
  const [layer] = layers;
  if (kind === "layer" && layer)
    return { title: [layer.op, ...kernelOf(layer)].join(" "), name: ownName(layer), weights: weightsOf(layer) };
  if (tensor)
    return { title: name, name: kind === "input" ? l10n.t("Input") : l10n.t("Output"), weights: tensorText(tensor) };
  return { title: name, name: layerCount(layers.length), weights: "" };
}

/** "1×3×224×224 float32" */
export function tensorText({ shape, dtype }: TensorProfile): string {
  return `${formatShape(shape)} ${dtype ?? l10n.t("unknown type")}`;
}

/** "3×3": the kernel, where the layer's MACs are counted with one. */
function kernelOf({ macTerms: [term = []] }: LayerProfile): readonly string[] {
  const sizes = term.filter(({ name }) => name.startsWith("kernel")).map(({ value }) => String(value));
  return sizes.length > 0 ? [sizes.join("×")] : [];
}

/** Of the first constant that is no vector and no number. */
function weightsOf({ parameters, inputs }: LayerProfile): string {
  if ((parameters ?? 0) === 0) return "";
  const weights = inputs.find(({ isConstant, shape }) => isConstant && (shape?.length ?? 0) > 1);
  return weights ? formatShape(weights.shape) : "";
}

/** The part of a name that tells a layer from its neighbours: "conv1" of "/features/conv1/Conv". */
function ownName({ name, op }: LayerProfile): string {
  const [leaf = "", parent] = name.split("/").filter(Boolean).reverse();
  return parent !== undefined && leaf.toLowerCase().startsWith(op.toLowerCase()) ? parent : leaf;
}

export interface TippedBox {
  readonly box: Box;
  readonly isOpen: boolean;
  readonly cost: BoxCost | undefined;
  readonly mark: BoxMark | undefined;
  /** How many boxes hold the same, itself among them. */
  readonly alike: number;
}

export function boxTip({ box, isOpen, cost, mark, alike }: TippedBox): string {
  const { kind, name, layers, tensor } = box;
  const lines = [kind === "layer" ? `#${layers[0]?.index ?? ""} ${name}` : name];
  if (mark) lines.push(mark.text);
  if (tensor) lines.push(tensorText(tensor));
  const { weights } = boxText(box);
  if (weights !== "" && !tensor) lines.push(l10n.t("Weights: {0}", weights));
  if (cost && layers.length > 0) {
    lines.push(`${cost.column.title}: ${formatCellExact(cost.column.unit, cost.value)}`);
    if (cost.share > 0) lines.push(l10n.t("{0} of the model", formatShare(cost.share)));
  }
  if (box.children.length > 0) {
    lines.push(isOpen ? l10n.t("Choose to close it.") : l10n.t("Choose to open it."));
    if (alike > 1) {
      lines.push(
        isOpen
          ? l10n.t("{0} modules are identical: with Shift all of them close.", alike)
          : l10n.t("{0} modules are identical: with Shift all of them open.", alike),
      );
    }
  }
  return lines.join("\n");
}
