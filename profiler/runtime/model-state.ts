import { formatOf } from "../formats/formats.ts";
import type { Graph, Model } from "../model/model.ts";
import type { OperatorTable } from "../operators/operator-rule.ts";
import { ownEntry } from "../own-entry.ts";

/** Whether a run's answers depend on the runs before it. */
export function hasState(model: Model): boolean {
  const isVariable = ({ graph }: Model["entries"][number]): boolean =>
    graph.tensors.some((tensor) => tensor.isVariable === true);
  return model.entries.some(isVariable) || writesState(model);
}

/** Whether operators of its main graph change what later runs find; what is done once, before the first run, is none. */
export function writesState(model: Model): boolean {
  return writesIn(model.entries[0].graph, formatOf(model).operators);
}

function writesIn({ nodes }: Graph, operators: OperatorTable): boolean {
  return nodes.some(({ domain, op, bodies }) => {
    const rules = operators.get(domain);
    if (rules && ownEntry(rules, op)?.writesState === true) return true;
    return bodies.some(({ role, graph }) => role !== "once" && writesIn(graph, operators));
  });
}
