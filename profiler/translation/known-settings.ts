import { encodeRaw } from "../model/encode-elements.ts";
import {
  ABSENT,
  bringsValues,
  type Constant,
  type Model,
  type Node,
  type Tensor,
  type TensorId,
} from "../model/model.ts";
import { isStatic } from "../model/shape.ts";
import type { InferredNode } from "../operators/infer.ts";
import type { InferredType } from "../operators/inferred-type.ts";
import { inferOpen } from "./lift-model.ts";

/**
 * The same model with the numbers that say how to compute as constants wherever they follow from its sizes: a shape packed of sizes,
 * the end of a slice. LiteRT.js 2.5.3 makes no room for an output whose size stands in a tensor that it computes, and fails.
 */
export function withKnownSettings(model: Model): Model {
  const inferred = inferOpen(model);
  const { graph } = inferred;
  const computed = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const tensors = [...graph.tensors];
  const known = new Map<TensorId, TensorId>();
  const successorOf = (id: TensorId): TensorId => {
    const made = known.get(id);
    const [tensor, inferredType] = [tensors[id], inferred.inferredTypes[id]];
    if (made !== undefined || tensor === undefined || !computed.has(id)) return made ?? id;
    const constant = inferredType && constantOf(inferredType);
    if (constant === undefined) return id;
    const successor: Tensor = { id: tensors.length, name: tensor.name, constant, isNew: true };
    tensors.push(successor);
    known.set(id, successor.id);
    return successor.id;
  };
  const settings = new Map(inferred.nodes.map((each) => [each.node, settingsOf(each)]));
  const nodes = graph.nodes.map((node): Node => {
    const places = settings.get(node) ?? [];
    const inputs = node.inputs.map((id, place) => (id !== ABSENT && places.includes(place) ? successorOf(id) : id));
    return inputs.every((id, place) => id === node.inputs[place]) ? node : { ...node, isRewired: true, inputs };
  });
  if (known.size === 0) return model;
  const [first, ...others] = model.entries;
  return { ...model, entries: [{ ...first, graph: { ...graph, tensors, nodes } }, ...others] };
}

function settingsOf({ rule, view }: InferredNode): readonly number[] {
  const { configuration = [] } = rule ?? {};
  return typeof configuration === "function" ? configuration(view) : configuration;
}

function constantOf({ dataType, shape, value }: InferredType): Constant | undefined {
  if (value === undefined || shape === undefined || !isStatic(shape)) return undefined;
  if (dataType !== "int32" && dataType !== "int64") return undefined;
  const values = value.filter((element) => typeof element === "number");
  if (values.length < value.length) return undefined;
  const bytes = encodeRaw(dataType, values);
  const storage = { kind: "bytes", bytes, encoding: "raw" } as const;
  return {
    dataType,
    shape,
    storedBytes: bytes.length,
    ...(bringsValues(dataType, shape.length, values.length) && { values }),
    storage,
  };
}
