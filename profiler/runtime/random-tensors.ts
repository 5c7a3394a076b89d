import { formatOf } from "../formats/formats.ts";
import { ABSENT, type Graph, type Model, type Node, type TensorId } from "../model/model.ts";
import type { OperatorTable } from "../operators/operator-rule.ts";
import { Uses } from "./uses.ts";

/**
 * Tensors of the main graph that hold other numbers at each run, because random ones are drawn on the way to them: what two runs give says
 * nothing of the models.
 * @returns by their names, why: 'it depends on random numbers, which RandomNormal "noise" draws anew at each run'
 */
export function randomTensors(model: Model): ReadonlyMap<string, string> {
  const { graph } = model.entries[0];
  const sources = randomSources(graph, formatOf(model).operators, new Map());
  return new Map([...sources].map(([name, source]) => [name, describe(source)]));
}

/** By the names of a graph's tensors, the node that draws. @param outer those of the graphs around it, which a body may read */
function randomSources(
  graph: Graph,
  operators: OperatorTable,
  outer: ReadonlyMap<string, Node>,
): ReadonlyMap<string, Node> {
  const uses = new Uses(graph, operators);
  const sources = new Map(outer);
  const nameOf = (id: TensorId): string => {
    const { name = "" } = graph.tensors[id] ?? {};
    return name === "" ? `#${id}` : name;
  };
  for (const node of graph.nodes) {
    const reached = node.inputs.flatMap((id) => sources.get(nameOf(id)) ?? []);
    const [source] = draws(node, uses) ? [node] : [...reached, ...drawnInside(node, operators, sources)];
    if (source === undefined) continue;
    for (const id of node.outputs) sources.set(nameOf(id), source);
  }
  return sources;
}

function drawnInside(node: Node, operators: OperatorTable, outer: ReadonlyMap<string, Node>): readonly Node[] {
  return node.bodies.flatMap(({ graph }) => {
    const inside = randomSources(graph, operators, outer);
    return graph.outputs.flatMap((id) => inside.get(graph.tensors[id]?.name ?? "") ?? []);
  });
}

function draws(node: Node, uses: Uses): boolean {
  const rule = uses.ruleOf(node);
  if (rule?.drawsWhen === undefined) return rule?.kind === "random";
  const mode = node.inputs[rule.drawsWhen] ?? ABSENT;
  return mode !== ABSENT && uses.constantValues(mode)?.[0] !== 0;
}

function describe({ op, name }: Node): string {
  return `it depends on random numbers, which ${name === "" ? op : `${op} "${name}"`} draws anew at each run`;
}
