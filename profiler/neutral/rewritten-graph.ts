import type { TensorId } from "../model/model.ts";
import type { Form } from "./forms.ts";
import type { Weights } from "./weights.ts";
import { NeutralGraph, type LayerId } from "./neutral-graph.ts";
import type { Rewrite, TensorRef } from "./rewrite.ts";

/**
 * The graph as a rewrite leaves it that takes layers out and changes others, without lowering and lifting it: ids stay what they are.
 * @throws {RangeError} for a rewrite that makes new layers or sizes
 */
export function rewrittenGraph(graph: NeutralGraph, rewrite: Rewrite): NeutralGraph {
  const { remove = [], replace, rewire = new Map<TensorId, TensorRef>(), insert, resize } = rewrite;
  if (insert !== undefined || resize !== undefined) throw new RangeError("new layers and sizes are not followed");
  if (remove.length === 0 && replace === undefined) return graph;
  const removed = new Set(remove);
  const names = new Map<TensorId, TensorId>();
  const outputs = new Map<TensorId, TensorId>();
  for (const [from, to] of rewire) {
    if (typeof to !== "number") continue;
    const { isOutput = false, isCaptured = false } = graph.tensors[from] ?? {};
    if (isOutput || isCaptured) outputs.set(to, from);
    else names.set(from, to);
  }
  const named = (id: TensorId): TensorId => {
    let to = id;
    for (let next = names.get(to); next !== undefined; next = names.get(to)) to = next;
    return outputs.get(to) ?? to;
  };
  const layers = graph.layers
    .filter(({ id }) => !removed.has(id))
    .map((layer) => {
      const made = (id: TensorId): TensorId => outputs.get(id) ?? id;
      const node = { ...layer.node, inputs: layer.node.inputs.map(named), outputs: layer.node.outputs.map(made) };
      const form = replace?.get(layer.id) ?? layer.form;
      return { ...layer, form, node, inputs: layer.inputs.map(named), outputs: layer.outputs.map(made) };
    });
  const { layout, tensors, sizesFor, sizeAt, integers, whyNoPlaces } = graph;
  return new NeutralGraph(layout, layers, tensors, sizesFor, sizeAt, integers, whyNoPlaces);
}

/** One rewrite and another of the graph that it leaves, as one of the graph that it started from. */
export function mergedRewrite(first: Rewrite, then: Rewrite): Rewrite {
  return {
    ...first,
    ...then,
    remove: [...(first.remove ?? []), ...(then.remove ?? [])],
    replace: new Map<LayerId, Form>([...(first.replace ?? []), ...(then.replace ?? [])]),
    rewire: new Map<TensorId, TensorRef>([...(first.rewire ?? []), ...(then.rewire ?? [])]),
    fold: new Map<TensorId, Weights>([...(first.fold ?? []), ...(then.fold ?? [])]),
  };
}
