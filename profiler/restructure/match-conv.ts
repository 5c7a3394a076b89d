import type { ConvForm } from "./forms.ts";
import { whyNoInnerRange } from "./inner-range.ts";
import { isKind, type LiftedGraph, type LiftedLayer } from "./lifted.ts";
import { whyOpaque } from "./opaque-refusals.ts";

/** A convolution with constant weights, or the reason why the target is none. */
export function matchConv(graph: LiftedGraph, target: string): LiftedLayer<ConvForm> | string {
  const layer = graph.layer(target);
  if (!layer) return "there is no such layer";
  if (!isKind(layer, "conv")) return whyOpaque(layer, `${layer.op} is no convolution`);
  return layer;
}

/** A convolution in which every filter sees every channel. */
export function matchUngroupedConv(graph: LiftedGraph, target: string): LiftedLayer<ConvForm> | string {
  const layer = matchConv(graph, target);
  if (typeof layer === "string") return layer;
  return layer.form.groups === 1 ? layer : "its filters see only their group's channels";
}

/** A convolution that can become several, one behind the other. */
export function matchDivisibleConv(graph: LiftedGraph, target: string): LiftedLayer<ConvForm> | string {
  const layer = matchUngroupedConv(graph, target);
  return typeof layer === "string" ? layer : (whyNoInnerRange(graph, layer) ?? layer);
}
