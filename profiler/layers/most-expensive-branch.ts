import type { InferredBody, InferredGraph } from "../operators/infer.ts";
import { macsOf } from "./cost-rules.ts";

/**
 * The branch of a choice that costs most MACs; the one with most nodes when none has any or they are level, and the first of equals.
 * A branch that never runs is none. Unknown MACs count as none here, since nothing better is known of them.
 */
export function mostExpensiveBranch(bodies: readonly InferredBody[]): InferredBody | undefined {
  const ranked = bodies.filter(({ trips }) => trips !== 0).map((body) => ({ body, ...weigh(body.graph) }));
  return ranked.reduce<(typeof ranked)[number] | undefined>((mostExpensive, branch) => {
    if (!mostExpensive) return branch;
    const isMoreExpensive =
      branch.macs > mostExpensive.macs || (branch.macs === mostExpensive.macs && branch.nodes > mostExpensive.nodes);
    return isMoreExpensive ? branch : mostExpensive;
  }, undefined)?.body;
}

interface Weight {
  readonly macs: number;
  readonly nodes: number;
}

/** Branches stand in branches: without remembering, each level would double the work. */
const weights = new WeakMap<InferredGraph, Weight>();

function weigh(graph: InferredGraph): Weight {
  const known = weights.get(graph);
  if (known) return known;
  let macs = 0;
  let nodes = graph.nodes.length;
  for (const { operation, bodies, rule } of graph.nodes) {
    macs += macsOf(operation).total ?? 0;
    const chosen = rule?.control?.isChoice === true ? mostExpensiveBranch(bodies) : undefined;
    for (const body of chosen ? [chosen] : bodies) {
      const inner = weigh(body.graph);
      macs += (body.trips ?? 1) * inner.macs;
      nodes += inner.nodes;
    }
  }
  weights.set(graph, { macs, nodes });
  return { macs, nodes };
}
