import type { Graph, Node } from "../model/model.ts";
import { executionOrder } from "./execution-order.ts";

/** Names by which edits find layers: the node's, or that of its first output; repeated ones are numbered. */
export function layerNames(graph: Graph): ReadonlyMap<Node, string> {
  const order = executionOrder(graph);
  const taken = new Set(order.flatMap(({ identity }) => identity ?? []));
  return new Map(
    order.map((node) => {
      const { identity, name, outputs, op } = node;
      if (identity !== undefined) return [node, identity];
      const made = outputs.map((id) => graph.tensors[id]?.name ?? "");
      return [node, uniqueName([name, ...made].find((candidate) => candidate !== "") ?? op, taken)];
    }),
  );
}

/** Many edits start from one graph: what they do not touch is the same object in all of them. */
const NAMED = new WeakMap<Graph["nodes"], readonly Node[]>();

/** The graph's nodes as edits leave them, each with the name of its layer. */
export function namedNodes(graph: Graph): readonly Node[] {
  const known = NAMED.get(graph.nodes);
  if (known) return known;
  const names = layerNames(graph);
  const named = graph.nodes.map((node): Node => {
    const identity = names.get(node);
    return identity === undefined || identity === node.identity ? node : { ...node, identity };
  });
  NAMED.set(graph.nodes, named);
  return named;
}

export interface TakenNames {
  has(name: string): boolean;
  add(name: string): unknown;
}

/** The number of each repeated name that may be free next: 20,000 nodes of one name look at 20,000 numbers, not at 200 million. */
const NEXT_NUMBERS = new WeakMap<TakenNames, Map<string, number>>();

/** `wanted`, or with the first number that is free: conv, conv#2, conv#3. The name is taken afterwards. */
export function uniqueName(wanted: string, taken: TakenNames): string {
  let name = wanted;
  if (taken.has(name)) {
    const numbers = NEXT_NUMBERS.get(taken) ?? new Map<string, number>();
    NEXT_NUMBERS.set(taken, numbers);
    let number = numbers.get(wanted) ?? 2;
    for (; taken.has(name); number += 1) name = `${wanted}#${number}`;
    numbers.set(wanted, number);
  }
  taken.add(name);
  return name;
}
