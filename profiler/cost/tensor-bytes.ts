import type { LayerTensor, Layer } from "../layers/layer.ts";
import { bytesOf } from "../model/data-type.ts";
import { elementsOf } from "../model/shape.ts";
import type { InferredType } from "../operators/inferred-type.ts";

/** Bytes that a tensor, or a list of tensors, takes in memory; null when a type, a rank or a size in it is unknown. */
export function tensorBytes(inferredType: InferredType): number | null {
  const { dataType, shape, container } = inferredType;
  if (container === "sequence") return sequenceBytes(inferredType);
  const elements = shape && elementsOf(shape);
  if (elements === 0) return 0;
  if (dataType === undefined || elements === undefined || container !== undefined) return null;
  return bytesOf(dataType, elements) ?? null;
}

/** Those of its tensors, one by one where they are known, else all alike. */
function sequenceBytes({ dataType, shape, items }: InferredType): number | null {
  if (items?.tensors) return sumKnown(items.tensors.map(tensorBytes));
  const each = tensorBytes({ dataType, shape });
  return each === null || typeof items?.count !== "number" ? null : each * items.count;
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
