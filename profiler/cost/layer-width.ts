import type { Layer } from "../layers/layer.ts";
import type { DataType } from "../model/data-type.ts";
import { weightsOf } from "./parameters.ts";

/**
 * Type that a layer computes in: that of its stored weights (of the largest, since a bias is often wider), else that of its first data
 * input, else of its output. A weight that a DequantizeLinear widens stays as narrow as it is stored.
 */
export function computedType(layer: Layer): DataType | undefined {
  const [first, ...others] = weightsOf(layer);
  if (first) {
    return others.reduce(
      (largest, weight) => ((weight.elements ?? 0) > (largest.elements ?? 0) ? weight : largest),
      first,
    ).dataType;
  }
  const typed = [...layer.inputs.filter(({ use }) => use === "data"), ...layer.outputs];
  return typed.find(({ dataType }) => dataType !== undefined)?.dataType;
}
