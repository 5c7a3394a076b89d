import { RunError } from "../errors.ts";
import { formatOf } from "../formats/formats.ts";
import type { Graph, Model, Node, TensorId } from "../model/model.ts";
import type { InnerTensor } from "./session.ts";

/**
 * Finds inner tensors of the main graph by name, as they are to be given out of a run. TFLite files leave tensors without a name, or
 * give several the same: "#12" is the tensor with that number.
 *
 * @returns those that are no inputs or outputs: who runs the model has these anyway
 * @throws {RunError} when there is none of a name, or it is none that a run can give: a weight, a tensor of an inner graph
 */
export function innerTensors(model: Model, names: readonly string[]): readonly InnerTensor[] {
  const { graph } = model.entries[0];
  const produced = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const inputsAndOutputs = new Set([...graph.inputs, ...graph.outputs]);
  return [...new Set(names)].flatMap((name): readonly InnerTensor[] => {
    const ids = idsOf(model, name).filter((id) => produced.has(id) || graph.inputs.includes(id));
    const [id] = ids;
    if (id === undefined) throw cannotCapture(model, name, whyNot(model, name));
    if (ids.length > 1)
      throw cannotCapture(
        model,
        name,
        `several are called so: ask for one of ${ids.map((each) => `#${each}`).join(", ")}`,
      );
    if (graph.tensors[id]?.declared?.container !== undefined)
      throw cannotCapture(model, name, "it is a sequence or an optional value");
    return inputsAndOutputs.has(id) && graph.tensors[id]?.name === name ? [] : [{ name, id }];
  });
}

function cannotCapture(model: Model, name: string, reason: string): RunError {
  return new RunError(`${model.file}: tensor "${name}" cannot be captured: ${reason}`);
}

function idsOf(model: Model, name: string): readonly TensorId[] {
  const { graph } = model.entries[0];
  const named = graph.tensors.filter((tensor) => tensor.name === name).map(({ id }) => id);
  const [, number] = /^#(\d+)$/.exec(name) ?? [];
  const isNumbered = named.length === 0 && !formatOf(model).namesEveryTensor;
  return isNumbered && number !== undefined ? [Number(number)] : named;
}

function whyNot(model: Model, name: string): string {
  const { graph } = model.entries[0];
  const [id] = idsOf(model, name);
  const tensor = id === undefined ? undefined : graph.tensors[id];
  if (tensor?.constant !== undefined) return "it is a constant, which no run changes";
  const owner = graph.nodes.find((node) => holds(node, name));
  if (owner !== undefined) {
    const what = owner.name === "" ? owner.op : `${owner.op} "${owner.name}"`;
    return `it is inside a graph that ${what} runs, and only tensors of the main graph can be given out`;
  }
  return "the model has none of that name";
}

function holds(node: Node, name: string): boolean {
  return node.bodies.some(({ graph }) => graphHolds(graph, name));
}

function graphHolds({ tensors, nodes }: Graph, name: string): boolean {
  return tensors.some((tensor) => tensor.name === name) || nodes.some((node) => holds(node, name));
}
