import type { NodeView } from "../../../operators/node-view.ts";

/** The activation that a fused operator applies to its result, by its neutral name; nothing where it applies none. */
export function fusedActivation(view: NodeView): { readonly activation?: string } {
  const name = view.text("activation", "").toLowerCase();
  return name === "" || name === "none" ? {} : { activation: name === "swish" ? "silu" : name };
}
