import type { Layer } from "../layers/layer.ts";
import type { DataType } from "../model/data-type.ts";
import type { ConstantOrigin } from "../operators/tensor-fact.ts";
import { weightsOf } from "./parameters.ts";

/**
 * Type that a layer computes in: that of its stored weights (of the largest, since a bias is often wider), else that of its first data
 * input, else of its output. A weight that a DequantizeLinear widens stays as narrow as it is stored.
 * @param weights of the layer, where the caller has them already
 */
export function computedType(layer: Layer, weights = weightsOf(layer)): DataType | undefined {
  if (weights.length > 0) return weights.reduce(larger).dataType;
  const input = layer.inputs.find(({ use, dataType }) => use === "data" && dataType !== undefined);
  return (input ?? layer.outputs.find(({ dataType }) => dataType !== undefined))?.dataType;
}

function larger(a: ConstantOrigin, b: ConstantOrigin): ConstantOrigin {
  return (b.elements ?? 0) > (a.elements ?? 0) ? b : a;
}
