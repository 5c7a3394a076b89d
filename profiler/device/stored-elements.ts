import { RunError } from "../errors.ts";
import type { Tensor } from "../model/model.ts";
import {
  isNumericType,
  nearestElement,
  newArray,
  type NumericTensor,
  type NumericType,
} from "../tensors/numeric-tensor.ts";
import { fromRuntimeBytes, toRuntimeBytes } from "../runtime/tensor-bytes.ts";

/** The elements of a model's ends as its file has them, where this machine runs it with real numbers for quantized ones. */

/**
 * @param values as this machine takes them
 * @throws {RunError} for a type that is no number
 */
export function toStoredBytes(tensor: Tensor, { shape, data, dataType: given }: NumericTensor): Uint8Array {
  const dataType = storedType(tensor);
  const { scale, zeroPoint } = given === dataType ? UNSCALED : scalingOf(tensor);
  const stored = newArray(dataType, data.length);
  for (let index = 0; index < data.length; index += 1)
    stored[index] = nearestElement(dataType, (data[index] ?? 0) / scale + zeroPoint);
  return toRuntimeBytes({ dataType, shape, data: stored });
}

/**
 * The inverse.
 * @param like what this machine gave: type and shape
 * @throws {RunError} when the bytes are not those of that shape
 */
export function fromStoredBytes(tensor: Tensor, like: NumericTensor, bytes: Uint8Array): NumericTensor {
  const dataType = storedType(tensor);
  const { data: stored } = fromRuntimeBytes(dataType, like.shape, bytes);
  const { scale, zeroPoint } = like.dataType === dataType ? UNSCALED : scalingOf(tensor);
  const data = newArray(like.dataType, stored.length);
  for (let index = 0; index < stored.length; index += 1) data[index] = ((stored[index] ?? 0) - zeroPoint) * scale;
  return { dataType: like.dataType, shape: like.shape, data };
}

/** Between two neighbours of a quantized tensor's numbers; 0 for others. */
export function stepOf({ declared, quantization }: Tensor): number {
  return isQuantized(declared?.dataType) ? (quantization?.scales[0] ?? 0) : 0;
}

export function storedByteLength(tensor: Tensor, like: NumericTensor): number {
  return toRuntimeBytes({ ...like, dataType: storedType(tensor), data: newArray(storedType(tensor), like.data.length) })
    .length;
}

const UNSCALED = { scale: 1, zeroPoint: 0 };

function scalingOf({ declared, quantization }: Tensor): { readonly scale: number; readonly zeroPoint: number } {
  if (!isQuantized(declared?.dataType)) return UNSCALED;
  return { scale: quantization?.scales[0] ?? 1, zeroPoint: quantization?.zeroPoints[0] ?? 0 };
}

/** Types whose quantized tensors are run as real numbers here. */
function isQuantized(type: string | undefined): boolean {
  return type === "int8" || type === "uint8" || type === "int16";
}

function storedType({ name, declared }: Tensor): NumericType {
  const type = declared?.dataType;
  if (isNumericType(type)) return type;
  throw new RunError(`"${name}" is ${type ?? "of no known type"}, which a TFLite model cannot be given from outside`, {
    hint: "Export the model with inputs of numbers",
  });
}
