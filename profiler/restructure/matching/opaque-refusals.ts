import type { LayerKind } from "../../layers/operation.ts";
import type { LiftedGraph, LiftedLayer } from "../lift/lifted.ts";
import type { Refusal } from "../restructuring.ts";

/** Layers that would be of a kind, were it not for how the file stores them: quantized weights, or weights that the run computes. */
export function opaqueRefusals(graph: LiftedGraph, kind: LayerKind): readonly Refusal[] {
  return graph.layers.flatMap(({ name, form }) =>
    form.kind === "opaque" && form.would === kind ? [{ target: name, reason: form.why }] : [],
  );
}

/** Why a layer is none that is looked for: what stands against lifting it, or else `otherwise`. */
export function whyOpaque({ form }: LiftedLayer, otherwise: string): string {
  return form.kind === "opaque" && form.would !== undefined ? form.why : otherwise;
}
