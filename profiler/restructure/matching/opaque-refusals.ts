import type { LayerKind } from "../../operators/operation.ts";
import type { NeutralGraph, NeutralLayer } from "../../neutral/neutral-graph.ts";
import type { Refusal } from "../restructuring.ts";

/** Layers that would be of a kind, were it not for how the file stores them: quantized weights, or weights that the run computes. */
export function opaqueRefusals(graph: NeutralGraph, kind: LayerKind): readonly Refusal[] {
  return graph.layers.flatMap(({ name, form }) =>
    form.kind === "opaque" && form.would === kind ? [{ target: name, reason: form.why }] : [],
  );
}

/** Why a layer is none that is looked for: what stands against lifting it, or else `otherwise`. */
export function whyOpaque({ form }: NeutralLayer, otherwise: string): string {
  return form.kind === "opaque" && form.would !== undefined ? form.why : otherwise;
}

/** Why a model of convolutions and dense layers has none whose weights could be changed; undefined where it has no such layers at all. */
export function whyNoneIsWeighted(graph: NeutralGraph): string | undefined {
  const [first, ...others] = [...opaqueRefusals(graph, "conv"), ...opaqueRefusals(graph, "dense")];
  if (first === undefined) return undefined;
  const alike = others.length > 0 ? `, and ${others.length} more layers likewise` : "";
  return `${first.target}: ${first.reason}${alike}`;
}
