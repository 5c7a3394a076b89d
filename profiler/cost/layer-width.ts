import type { Layer, LayerTensor } from "../layers/layer.ts";
import type { DataType } from "../model/data-type.ts";

/**
 * Type that a layer computes in: what its operator says, else that of its weights as they reach it (of the largest, since a bias is
 * often wider), else that of its first data input, else of its output. How weights are stored does not matter: what is decoded to float
 * before is computed with in float, while a hybrid kernel takes the integers as they are.
 */
export function computedType({ computesIn, inputs, outputs }: Layer): DataType | undefined {
  if (computesIn !== undefined) return computesIn;
  const weight = inputs.filter(isWeight).reduce(larger, undefined);
  if (weight?.dataType !== undefined) return weight.dataType;
  const input = inputs.find(({ use, dataType }) => use === "data" && dataType !== undefined);
  return (input ?? outputs.find(({ dataType }) => dataType !== undefined))?.dataType;
}

function isWeight({ use, constant }: LayerTensor): boolean {
  return use === "data" && constant !== undefined;
}

function larger(a: LayerTensor | undefined, b: LayerTensor): LayerTensor {
  return a === undefined || (b.constant?.elements ?? 0) > (a.constant?.elements ?? 0) ? b : a;
}
