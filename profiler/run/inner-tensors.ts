import { RunError } from "../errors.ts";
import type { Graph, Model, Node, TensorId } from "../model/model.ts";

/**
 * Finds inner tensors of the main graph by name, as they are to be given out of a run. TFLite files leave tensors without a name, or
 * give several the same: "#12" is the tensor with that number.
 *
 * @returns their ids, in the order of the names
 * @throws {RunError} when there is none of a name, or it is none that a run can give: a weight, an input, a tensor of an inner graph
 */
export function findInnerTensors(model: Model, names: readonly string[]): readonly TensorId[] {
  const { graph } = model.entries[0];
  const produced = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  return names.map((name) => {
    const ids = idsOf(model, name).filter((id) => produced.has(id));
    const [id] = ids;
    if (id === undefined)
      throw new RunError(`${model.file}: tensor "${name}" cannot be captured: ${whyNot(model, name)}`);
    if (ids.length > 1) {
      const choice = ids.map((each) => `#${each}`).join(", ");
      throw new RunError(`${model.file}: several tensors are called "${name}": ask for one of ${choice}`);
    }
    if (graph.tensors[id]?.declared?.container !== undefined)
      throw new RunError(`${model.file}: tensor "${name}" cannot be captured: it is a sequence or an optional value`);
    return id;
  });
}

function idsOf({ format, entries: [{ graph }] }: Model, name: string): readonly TensorId[] {
  const named = graph.tensors.filter((tensor) => tensor.name === name).map(({ id }) => id);
  const [, number] = /^#(\d+)$/.exec(name) ?? [];
  return named.length === 0 && format === "tflite" && number !== undefined ? [Number(number)] : named;
}

function whyNot(model: Model, name: string): string {
  const { graph } = model.entries[0];
  const [id] = idsOf(model, name);
  const tensor = id === undefined ? undefined : graph.tensors[id];
  if (tensor?.constant !== undefined) return "it is a constant, which no run changes";
  if (id !== undefined && graph.inputs.includes(id)) return "it is an input of the model";
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
