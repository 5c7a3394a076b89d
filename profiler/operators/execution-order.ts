import { ABSENT, type Graph, type Node, type TensorId } from "../model/model.ts";

/**
 * Nodes in an order in which every input exists before it is used: file order where that will do, as both formats demand, and
 * otherwise the topological order nearest to it. Nodes on a cycle, which readers refuse, would come last in file order.
 */
export function executionOrder(graph: Graph): readonly Node[] {
  if (IN_ORDER.has(graph.nodes)) return graph.nodes;
  if (isInOrder(graph)) {
    IN_ORDER.add(graph.nodes);
    return graph.nodes;
  }
  const producer = new Map<TensorId, Node>();
  for (const node of graph.nodes) for (const output of node.outputs) producer.set(output, node);

  const placed = new Set<Node>();
  const order: Node[] = [];
  const place = (node: Node): void => {
    placed.add(node);
    order.push(node);
  };

  for (const start of graph.nodes) {
    if (placed.has(start)) continue;
    // An explicit stack: a chain of 100,000 nodes in reverse order must not overflow the call stack.
    const entered = new Set<Node>([start]);
    const stack = [{ node: start, pending: missing(start) }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.pending.find((node) => !placed.has(node) && !entered.has(node));
      if (next) {
        entered.add(next);
        stack.push({ node: next, pending: missing(next) });
      } else {
        stack.pop();
        place(top.node);
      }
    }
  }
  return order;

  function missing(node: Node): readonly Node[] {
    const found: Node[] = [];
    for (const id of usedTensors(node)) {
      const source = producer.get(id);
      if (source && source !== node && !placed.has(source)) found.push(source);
    }
    return found;
  }
}

/** Lists of nodes never change: what is known to be in order stays so. */
const IN_ORDER = new WeakSet<Graph["nodes"]>();

/** Tells that a graph is in order, where somebody knows without a look at all of its nodes. */
export function knownInOrder({ nodes }: Graph): void {
  IN_ORDER.add(nodes);
}

/** Whether no node makes a tensor that an earlier one, or it itself, needs. */
export function isInOrder({ nodes, tensors }: Pick<Graph, "nodes" | "tensors">): boolean {
  const isUsed = new Uint8Array(tensors.length);
  for (const node of nodes) {
    for (const id of usedTensors(node)) isUsed[id] = 1;
    for (const id of node.outputs) if (isUsed[id] === 1) return false;
  }
  return true;
}

/** Tensors of its own graph that a node needs: its inputs, and what its bodies capture. */
export function usedTensors(node: Node): readonly TensorId[] {
  const given = node.inputs.includes(ABSENT) ? node.inputs.filter((id) => id !== ABSENT) : node.inputs;
  if (node.bodies.length === 0) return given;
  return [...given, ...node.bodies.flatMap(({ graph }) => graph.tensors.flatMap(({ outer }) => outer ?? []))];
}
