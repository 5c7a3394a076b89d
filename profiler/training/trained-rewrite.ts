import type { Form } from "../neutral/forms.ts";
import type { LayerId, NeutralGraph } from "../neutral/neutral-graph.ts";
import type { Rewrite } from "../neutral/rewrite.ts";
import type { Parameter } from "./parameters.ts";
import { storedLike } from "./straight-through.ts";

/**
 * The same graph with other numbers, stored as those before them were.
 * @param weights of all parameters, each at its offset
 */
export function trainedRewrite(lifted: NeutralGraph, parameters: readonly Parameter[], weights: Float32Array): Rewrite {
  const replace = new Map<LayerId, Form>();
  for (const { weights: before, uses, offset, size } of parameters) {
    // One object for all layers that share the numbers: they stay shared.
    const after = storedLike(before, weights.slice(offset, offset + size));
    for (const { layer, role } of uses) {
      const form = replace.get(layer) ?? lifted.layers.find(({ id }) => id === layer)?.form;
      if (form) replace.set(layer, { ...form, [role]: after });
    }
  }
  return { replace };
}
