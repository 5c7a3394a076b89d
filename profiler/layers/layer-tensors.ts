import { ABSENT, type Tensor, type TensorId } from "../model/model.ts";
import type { InferredGraph } from "../operators/infer.ts";
import { UNKNOWN } from "../operators/tensor-fact.ts";
import type { LayerTensor } from "./layer.ts";

/** Tensors of an inferred graph as its layers have them: one record for the layer that makes a tensor and all that read it as data. */
export class LayerTensors {
  readonly #data: (LayerTensor | undefined)[];

  constructor(readonly inferred: InferredGraph) {
    this.#data = inferred.graph.tensors.map(() => undefined);
  }

  data(id: TensorId): LayerTensor {
    if (id === ABSENT) return OMITTED;
    return (this.#data[id] ??= layerTensor(this.inferred, id));
  }

  configuration(id: TensorId): LayerTensor {
    return { ...this.data(id), use: "configuration" };
  }
}

const OMITTED: LayerTensor = { ...UNKNOWN, name: "", key: "", use: "data" };
const NO_TENSOR: Pick<Tensor, "name" | "isVariable"> = { name: "" };

type Draft = { -readonly [Key in keyof LayerTensor]: LayerTensor[Key] };

/** Spelled out: a model has tens of thousands of them, and spreading the fact took most of the time. */
function layerTensor({ graph, facts, keys }: InferredGraph, id: TensorId): LayerTensor {
  const fact = facts[id] ?? UNKNOWN;
  const { name, isVariable } = graph.tensors[id] ?? NO_TENSOR;
  const tensor: Draft = { dataType: fact.dataType, shape: fact.shape, name, key: keys[id] ?? "", use: "data" };
  if (fact.value !== undefined) tensor.value = fact.value;
  if (fact.constant !== undefined) tensor.constant = fact.constant;
  if (fact.container !== undefined) tensor.container = fact.container;
  if (fact.items !== undefined) tensor.items = fact.items;
  if (isVariable !== undefined) tensor.isVariable = isVariable;
  return tensor;
}
