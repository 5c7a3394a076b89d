import type { DeclaredDimension, Graph, Model, Node, Tensor, TensorId } from "../model/model.ts";
import { usedTensors } from "../operators/execution-order.ts";
import { UNKNOWN_SIZE } from "../shapes/dimension.ts";
import type { NeutralTensor } from "./neutral-graph.ts";

/**
 * The part of a model that makes some tensors of others: a model of its own, for running a network piece by piece.
 * @param from what is given, instead of what makes it
 * @param to what is wanted
 * @param lifted what is known of the tensors
 */
export function cutModel(
  model: Model,
  from: readonly TensorId[],
  to: readonly TensorId[],
  lifted: readonly NeutralTensor[],
): Model {
  const { graph } = model.entries[0];
  const nodes = nodesBetween(graph, from, to);
  const borders = new Set([...from, ...to]);
  const used = new Set([...from, ...to, ...nodes.flatMap((node) => [...usedTensors(node), ...node.outputs])]);
  const tensors = graph.tensors.map((tensor): Tensor => {
    const { id, name } = tensor;
    if (!used.has(id)) return { id, name };
    if (!borders.has(id) || graph.inputs.includes(id)) return tensor;
    const { quantization } = tensor;
    return { id, name, declared: declaredOf(tensor, lifted[id]), ...(quantization && { quantization }) };
  });
  const part: Graph = { ...graph, tensors, nodes, inputs: from, outputs: to };
  return { ...model, entries: [{ name: "", graph: part }] };
}

/** In the graph's order; each with an identity, which tells writers that the file is to be made anew. */
function nodesBetween(graph: Graph, from: readonly TensorId[], to: readonly TensorId[]): readonly Node[] {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const given = new Set(from);
  const wanted = new Set<Node>();
  const pending = [...to];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const maker = given.has(id) ? undefined : makers.get(id);
    if (maker === undefined || wanted.has(maker)) continue;
    wanted.add(maker);
    pending.push(...usedTensors(maker));
  }
  const readsState = [...wanted].some(({ inputs }) => inputs.some((id) => isResource(graph.tensors[id])));
  const kept = graph.nodes.filter((node) => wanted.has(node) || (readsState && preparesState(node)));
  return kept.map((node, index) => ({ ...node, index, identity: node.identity ?? `part${index}` }));
}

function isResource(tensor: Tensor | undefined): boolean {
  return tensor?.declared?.dataType === "resource";
}

/** Nothing takes what it gives: it fills variables before the first run. Those are whatever lies in memory without it. */
function preparesState({ bodies }: Node): boolean {
  return bodies.some(({ role }) => role === "once");
}

/** Files declare sizes as numbers too that are others where those of the inputs are: in a part nothing says that any more. */
function declaredOf({ declared }: Tensor, about: NeutralTensor | undefined): NonNullable<Tensor["declared"]> {
  const sizes = about?.shape;
  if (declared?.shape === undefined) {
    const shape = sizes?.map((size): DeclaredDimension => (typeof size === "number" ? size : null));
    return { dataType: about?.dataType, shape };
  }
  const isFollowing = (axis: number): boolean => {
    const size = sizes?.[axis];
    return size !== undefined && size !== UNKNOWN_SIZE && typeof size !== "number";
  };
  const shape = declared.shape.map((size, axis) => (typeof size === "number" && isFollowing(axis) ? null : size));
  return { ...declared, shape };
}
