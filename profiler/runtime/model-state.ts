import { formatOf } from "../formats/formats.ts";
import type { Graph, Model, Node, Tensor } from "../model/model.ts";
import type { OperatorTable } from "../operators/operator-rule.ts";
import { ownEntry } from "../own-entry.ts";

/** Whether a run's answers depend on the runs before it. */
export function hasState(model: Model): boolean {
  return variableTensors(model).length > 0 || writesState(model);
}

/** Tensors that keep their values from one run to the next, each with the operator that reads it. */
export function variableTensors({ entries }: Model): readonly { readonly tensor: Tensor; readonly keeper?: Node }[] {
  return entries.flatMap(({ graph: { tensors, nodes } }) =>
    tensors.flatMap((tensor) => {
      if (tensor.isVariable !== true) return [];
      const keeper = nodes.find(({ inputs }) => inputs.includes(tensor.id));
      return [{ tensor, ...(keeper && { keeper }) }];
    }),
  );
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
