import type { Graph, Node, Tensor, TensorId } from "../model/model.ts";
import { usedTensors } from "../operators/execution-order.ts";

/** Of each graph that edits start from how often its tensors are read: many edits start from one graph. */
const READS = new WeakMap<Graph, Uint32Array>();

function readsOf(graph: Graph): Uint32Array {
  const known = READS.get(graph) ?? countReads(graph, graph.tensors.length);
  READS.set(graph, known);
  return known;
}

function countReads({ nodes, outputs }: Pick<Graph, "nodes" | "outputs">, tensors: number): Uint32Array {
  const reads = new Uint32Array(tensors);
  const add = (id: TensorId): void => {
    reads[id] = (reads[id] ?? 0) + 1;
  };
  outputs.forEach(add);
  for (const node of nodes) usedTensors(node).forEach(add);
  return reads;
}

/** Takes out what nobody reads any more; what nobody read before either stays, since nobody asked for it to go. */
export function withoutDead(old: Graph, graph: Graph): Graph {
  const before = readsOf(old);
  const reads = countReads(graph, graph.tensors.length);
  const isNew = (id: TensorId): boolean => id >= old.tensors.length;
  const isDead = ({ outputs }: Node): boolean => {
    const made = outputs.filter((id) => id >= 0);
    if (made.length === 0 || made.some((id) => (reads[id] ?? 0) > 0)) return false;
    return made.some((id) => (before[id] ?? 0) > 0 || isNew(id));
  };
  const makers: (Node | undefined)[] = [];
  for (const node of graph.nodes) for (const id of node.outputs) if (id >= 0) makers[id] = node;
  const dead = new Set<Node>();
  const pending = graph.nodes.filter(isDead);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (dead.has(node)) continue;
    dead.add(node);
    for (const id of usedTensors(node)) {
      reads[id] = (reads[id] ?? 1) - 1;
      const maker = makers[id];
      if (maker !== undefined && !dead.has(maker) && isDead(maker)) pending.push(maker);
    }
  }
  const nodes = dead.size === 0 ? graph.nodes : graph.nodes.filter((node) => !dead.has(node));
  const isMade = new Uint8Array(graph.tensors.length);
  for (const id of graph.inputs) isMade[id] = 1;
  for (const node of nodes) for (const id of node.outputs) isMade[id] = 1;
  const tensors = graph.tensors.map((tensor): Tensor => {
    const { id, name } = tensor;
    if ((reads[id] ?? 0) > 0 || isMade[id] === 1 || isHole(tensor)) return tensor;
    const isUnread = tensor.constant !== undefined && before[id] === 0 && !isNew(id);
    return isUnread ? tensor : { id, name };
  });
  return { ...graph, nodes, tensors };
}

function isHole(tensor: Tensor): boolean {
  return tensor.constant === undefined && tensor.declared === undefined && tensor.quantization === undefined;
}
