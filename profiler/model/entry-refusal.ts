import { allEntries } from "./choose-entry.ts";
import type { Entry, Graph, Model } from "./model.ts";

/** Why the graph that is looked at is not edited; undefined where it can be: other graphs run it, and hand over tensors of fixed sizes. */
export function entryRefusal(model: Model): string | undefined {
  const [{ name, graph, body }] = model.entries;
  if (!body && !isRunBy(allEntries(model), graph)) return undefined;
  const what = body ? `the ${body.label} of ${body.op}` : "run by an operator of another entry too";
  return `“${name}” is ${what}: it can be looked at and run by itself, but not edited, since what runs it counts on its inputs and outputs.`;
}

function isRunBy(entries: readonly Entry[], wanted: Graph): boolean {
  return entries.some(({ graph }) => graph.nodes.some(({ bodies }) => bodies.some((body) => body.graph === wanted)));
}
