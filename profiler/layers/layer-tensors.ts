import { ABSENT, type Tensor, type TensorId } from "../model/model.ts";
import type { InferredGraph } from "../operators/infer.ts";
import { UNKNOWN } from "../operators/inferred-type.ts";
import type { LayerTensor } from "./layer.ts";

/** Tensors of an inferred graph as its layers have them: one record for the layer that makes a tensor and all that read it as data. */
export class LayerTensors {
  readonly #data = new Map<TensorId, LayerTensor>();

  constructor(readonly inferred: InferredGraph) {}

  data(id: TensorId): LayerTensor {
    if (id === ABSENT) return OMITTED;
    const known = this.#data.get(id);
    if (known) return known;
    const tensor = layerTensor(this.inferred, id);
    this.#data.set(id, tensor);
    return tensor;
  }

  configuration(id: TensorId): LayerTensor {
    return { ...this.data(id), use: "configuration" };
  }
}

const OMITTED: LayerTensor = { ...UNKNOWN, name: "", key: "", use: "data" };
const NO_TENSOR: Pick<Tensor, "name" | "isVariable"> = { name: "" };

type Draft = { -readonly [Key in keyof LayerTensor]: LayerTensor[Key] };

/** Spelled out: a model has tens of thousands of them, and spreading the inferred type took most of the time. */
function layerTensor({ graph, inferredTypes, keys }: InferredGraph, id: TensorId): LayerTensor {
  const inferredType = inferredTypes[id] ?? UNKNOWN;
  const { name, isVariable } = graph.tensors[id] ?? NO_TENSOR;
  const tensor: Draft = {
    dataType: inferredType.dataType,
    shape: inferredType.shape,
    name,
    key: keys[id] ?? "",
    use: "data",
  };
  if (inferredType.value !== undefined) tensor.value = inferredType.value;
  if (inferredType.constant !== undefined) tensor.constant = inferredType.constant;
  if (inferredType.container !== undefined) tensor.container = inferredType.container;
  if (inferredType.items !== undefined) tensor.items = inferredType.items;
  if (isVariable !== undefined) tensor.isVariable = isVariable;
  return tensor;
}
