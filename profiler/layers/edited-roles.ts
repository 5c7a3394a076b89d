import { ABSENT, type Node, type TensorId } from "../model/model.ts";
import { GraphIndex } from "../operators/graph-index.ts";
import type { InferredGraph } from "../operators/infer.ts";
import type { Layer } from "./layer.ts";
import { ALWAYS_COMPUTE, isFolded } from "./roles.ts";

/**
 * Roles of the rows that an edit brings, when those of all others stay what they were: where shape arithmetic is neither edited nor begins
 * or ends with the edit. undefined where it might, and all rows are to be looked at.
 * @param before rows of the graph before, by its nodes
 * @param came rows that are new, in their order, all taken to compute
 */
export function editedRoles(
  before: readonly Layer[],
  { graph, edit }: InferredGraph,
  came: readonly Layer[],
): readonly Layer["role"][] | undefined {
  if (edit === undefined) return undefined;
  const index = GraphIndex.of(edit.before.graph);
  const { gone } = edit.runs;
  const isGone = new Set(gone);
  const isGiven = new Set(graph.outputs);
  const works = (id: TensorId, role: (layer: Layer) => Layer["role"] | undefined): boolean =>
    isGiven.has(id) ||
    came.some((layer) => role(layer) === "compute" && readsAsData(layer, id)) ||
    index.readersOf(id).some((position) => {
      const layer = before[position];
      return layer?.role === "compute" && !isGone.has(position) && readsAsData(layer, id);
    });
  const roles = new Map<Layer, Layer["role"]>();
  for (const layer of came.toReversed()) {
    if (isFolded(layer)) roles.set(layer, "constant");
    else if (layer.operation.kind === "shape") return undefined;
    else if (ALWAYS_COMPUTE.has(layer.operation.kind)) roles.set(layer, "compute");
    else if (made(layer.node).some((id) => works(id, (other) => roles.get(other)))) roles.set(layer, "compute");
    else return undefined;
  }
  const staysAsItWas = (id: TensorId): boolean => {
    const maker = index.makerOf(id);
    const layer = maker === undefined || isGone.has(maker) ? undefined : before[maker];
    if (layer === undefined || layer.role === "constant" || ALWAYS_COMPUTE.has(layer.operation.kind)) return true;
    return layer.role === "compute" && made(layer.node).some((output) => works(output, (other) => roles.get(other)));
  };
  const rows = [...gone.flatMap((position) => before[position] ?? []), ...came];
  const isLocal = rows.every(({ node }) => node.inputs.every((id) => id === ABSENT || staysAsItWas(id)));
  return isLocal && gone.every((position) => before[position]?.role !== "shape")
    ? came.map((layer) => roles.get(layer) ?? "compute")
    : undefined;
}

function made({ outputs }: Node): readonly TensorId[] {
  return outputs.filter((id) => id !== ABSENT);
}

function readsAsData({ node, inputs }: Layer, id: TensorId): boolean {
  return node.inputs.some((input, position) => input === id && inputs[position]?.use === "data");
}
