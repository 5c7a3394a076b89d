import { ABSENT, type Node, type TensorId } from "../model/model.ts";
import { GraphIndex } from "../operators/graph-index.ts";
import type { Runs } from "../model/runs.ts";
import type { InferredGraph, InferredNode } from "../operators/infer.ts";
import type { Layer } from "./layer.ts";
import type { NodeRows } from "./previous-listing.ts";
import { ALWAYS_COMPUTE, isFolded } from "./roles.ts";

/**
 * Roles of the rows that an edit brings, when those of all others stay what they were: where shape arithmetic is neither edited nor begins
 * or ends with the edit, and no node with bodies has to do with it. undefined where it might, and all rows are to be looked at.
 * @param before rows of the graph before
 * @param starts which of them are those of its nodes
 * @param came rows that are new, in their order, all taken to compute
 */
export function editedRoles(
  before: readonly Layer[],
  starts: NodeRows,
  { graph, edit }: InferredGraph,
  came: readonly Layer[],
): readonly Layer["role"][] | undefined {
  if (edit === undefined) return undefined;
  const index = GraphIndex.of(edit.before.graph);
  const { gone } = edit.runs;
  const isGone = new Set(gone);
  const rowAt = (position: number): Layer | undefined => before[starts.first(position)];
  if (!starts.isFlat && meetsBodies(index, edit.runs, starts, came)) return undefined;
  const isGiven = new Set(graph.outputs);
  const works = (id: TensorId, role: (layer: Layer) => Layer["role"] | undefined): boolean =>
    isGiven.has(id) ||
    came.some((layer) => role(layer) === "compute" && readsAsData(layer, id)) ||
    index.readersOf(id).some((position) => {
      const layer = rowAt(position);
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
    const layer = maker === undefined || isGone.has(maker) ? undefined : rowAt(maker);
    if (layer === undefined || layer.role === "constant" || ALWAYS_COMPUTE.has(layer.operation.kind)) return true;
    return layer.role === "compute" && made(layer.node).some((output) => works(output, (other) => roles.get(other)));
  };
  const rows = [...gone.flatMap((position) => rowAt(position) ?? []), ...came];
  const isLocal = rows.every(({ node }) => node.inputs.every((id) => id === ABSENT || staysAsItWas(id)));
  return isLocal && gone.every((position) => rowAt(position)?.role !== "shape")
    ? came.map((layer) => roles.get(layer) ?? "compute")
    : undefined;
}

/** Rows of bodies read what is around them, and make what their node makes: they change with it. */
function meetsBodies(
  index: GraphIndex,
  { gone }: Runs<InferredNode>,
  starts: NodeRows,
  came: readonly Layer[],
): boolean {
  const hasBodies = (position: number | undefined): boolean => position !== undefined && starts.hasBodies(position);
  const nodes = [...gone.flatMap((position) => index.graph.nodes[position] ?? []), ...came.map(({ node }) => node)];
  const isRead = (id: TensorId): boolean => index.readersOf(id).some(hasBodies);
  return (
    gone.some(hasBodies) ||
    nodes.some(({ inputs, outputs }) =>
      [...inputs, ...outputs].some((id) => id !== ABSENT && (isRead(id) || hasBodies(index.makerOf(id)))),
    )
  );
}

function made({ outputs }: Node): readonly TensorId[] {
  return outputs.filter((id) => id !== ABSENT);
}

function readsAsData({ node, inputs }: Layer, id: TensorId): boolean {
  return node.inputs.some((input, position) => input === id && inputs[position]?.use === "data");
}
