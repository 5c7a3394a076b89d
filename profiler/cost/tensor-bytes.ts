import type { LayerTensor, Layer } from "../layers/layer.ts";
import { bytesOf } from "../model/data-type.ts";
import { elementsOf } from "../model/shape.ts";
import type { TensorFact } from "../operators/tensor-fact.ts";

/** Bytes that a tensor takes in memory; null when its type, its rank or a size is unknown, or when it is a list of tensors. */
export function tensorBytes({ dataType, shape, container }: TensorFact): number | null {
  const elements = shape && elementsOf(shape);
  if (elements === 0) return 0;
  if (dataType === undefined || elements === undefined || container !== undefined) return null;
  return bytesOf(dataType, elements) ?? null;
}

/** Bytes that a layer reads and writes while it computes: no constants, nothing omitted, each tensor once; null when one is unknown. */
export function activationBytesOf({ inputs, outputs }: Layer): number | null {
  const seen: string[] = [];
  let sum = 0;
  for (const tensor of [...inputs, ...outputs]) {
    if (tensor.use !== "data" || !isActivation(tensor) || seen.includes(tensor.key)) continue;
    const bytes = tensorBytes(tensor);
    if (bytes === null) return null;
    sum += bytes;
    seen.push(tensor.key);
  }
  return sum;
}

export function isActivation({ key, constant }: LayerTensor): boolean {
  return key !== "" && constant === undefined;
}

/** Sum of numbers that may be unknown: unknown as soon as one is. */
export function sumKnown(numbers: readonly (number | null)[]): number | null {
  return numbers.reduce((sum, number) => (sum === null || number === null ? null : sum + number), 0);
}
