import type { Graph, Node, TensorId } from "../../model/model.ts";
import { isInOrder, usedTensors } from "../../operators/execution-order.ts";

/** How the nodes of a graph stand to each other: each after its producers, as ONNX asks, in another order, or in a circle. */
export type NodeOrder =
  | { readonly kind: "sorted" }
  | { readonly kind: "unsorted" }
  | { readonly kind: "cyclic"; readonly node: Node };

/** @returns "cyclic" with a node of a circle when no order runs every node after the producers of what it needs */
export function nodeOrder(graph: Graph): NodeOrder {
  const { nodes } = graph;
  if (isInOrder(graph)) return { kind: "sorted" };
  const producers = new Map<TensorId, number>();
  nodes.forEach(({ outputs }, index) => outputs.forEach((output) => producers.set(output, index)));
  const needed = nodes.map((node) => usedTensors(node).flatMap((tensor) => producers.get(tensor) ?? []));
  const circular = nodeOnCircle(needed);
  const node = circular === undefined ? undefined : nodes[circular];
  return node === undefined ? { kind: "unsorted" } : { kind: "cyclic", node };
}

/** Walks from each node to what it needs; a node that is met again on the way stands on a circle. No recursion: chains are long. */
function nodeOnCircle(needed: readonly (readonly number[])[]): number | undefined {
  const state = new Array<"new" | "open" | "done">(needed.length).fill("new");
  for (let root = 0; root < needed.length; root += 1) {
    const path = [{ node: root, next: 0 }];
    if (state[root] !== "new") continue;
    state[root] = "open";
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const producer = needed[top.node]?.[top.next];
      top.next += 1;
      if (producer === undefined) {
        state[top.node] = "done";
        path.pop();
      } else if (state[producer] === "open") {
        return producer;
      } else if (state[producer] === "new") {
        state[producer] = "open";
        path.push({ node: producer, next: 0 });
      }
    }
  }
  return undefined;
}
