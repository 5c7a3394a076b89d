import type { Graph, Node, Tensor, TensorId } from "../model/model.ts";
import { usedTensors } from "../operators/execution-order.ts";
import { GraphEdit } from "../operators/graph-edit.ts";

/** Takes out what nobody reads any more; what nobody read before either stays, since nobody asked for it to go. */
export function withoutDead(old: Graph, graph: Graph): Graph {
  const edit = GraphEdit.of(old, graph);
  const before = edit.index.reads;
  const reads = new Uint32Array(graph.tensors.length);
  reads.set(before);
  const count = (node: Node, step: number): void => {
    for (const id of usedTensors(node)) reads[id] = (reads[id] ?? 0) + step;
  };
  for (const node of edit.gone) count(node, -1);
  for (const node of edit.came) count(node, 1);
  const isNew = (id: TensorId): boolean => id >= old.tensors.length;
  const isDead = ({ outputs }: Node): boolean => {
    const made = outputs.filter((id) => id >= 0);
    if (made.length === 0 || made.some((id) => (reads[id] ?? 0) > 0)) return false;
    return made.some((id) => (before[id] ?? 0) > 0 || isNew(id));
  };
  const dead = new Set<Node>();
  const readBy = (node: Node): readonly Node[] => usedTensors(node).flatMap((id) => edit.makerOf(id) ?? []);
  const pending = [...edit.came, ...edit.gone.flatMap(readBy)].filter(isDead);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (dead.has(node)) continue;
    dead.add(node);
    count(node, -1);
    pending.push(...readBy(node).filter((maker) => !dead.has(maker) && isDead(maker)));
  }
  const isMade = (id: TensorId): boolean => {
    const maker = edit.makerOf(id);
    return graph.inputs.includes(id) || (maker !== undefined && !dead.has(maker));
  };
  const tensors = [...graph.tensors];
  const release = (id: TensorId): void => {
    const tensor = tensors[id];
    if (tensor === undefined || (reads[id] ?? 0) > 0 || isMade(id) || isHole(tensor)) return;
    const isUnread = tensor.constant !== undefined && before[id] === 0 && !isNew(id);
    if (!isUnread) tensors[id] = { id, name: tensor.name };
  };
  for (const node of [...edit.gone, ...dead]) [...usedTensors(node), ...node.outputs].forEach(release);
  for (let id = old.tensors.length; id < tensors.length; id += 1) release(id);
  const nodes = dead.size === 0 ? graph.nodes : graph.nodes.filter((node) => !dead.has(node));
  return { ...graph, nodes, tensors };
}

function isHole(tensor: Tensor): boolean {
  return tensor.constant === undefined && tensor.declared === undefined && tensor.quantization === undefined;
}
