import { toFloat16 } from "../model/encode-elements.ts";
import { fromFloat16 } from "../model/raw-elements.ts";
import { RunError } from "../errors.ts";
import { newArray, toBigInts, type NumericTensor, type NumericType } from "../tensors/numeric-tensor.ts";

/** Bytes of one element as runtimes hold it, which is not always how we hold it. */
const WIDTHS: Readonly<Record<NumericType, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  int64: 8,
  uint64: 8,
  int32: 4,
  uint32: 4,
  int16: 2,
  uint16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** Of a tensor as a runtime has it. */
export function runtimeByteLength(dataType: NumericType, shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, WIDTHS[dataType]);
}

/** A tensor's elements as a runtime has them in memory, little-endian. */
export function toRuntimeBytes({ dataType, data }: NumericTensor): Uint8Array {
  const stored = storedArray(dataType, data);
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

function storedArray(dataType: NumericType, data: NumericTensor["data"]): ArrayBufferView {
  if (dataType === "float16") return Uint16Array.from(data, toFloat16);
  return dataType === "int64" || dataType === "uint64" ? toBigInts(dataType, data) : data;
}

/**
 * The inverse.
 * @throws {RunError} when the bytes are not those of that shape
 */
export function fromRuntimeBytes(dataType: NumericType, shape: readonly number[], bytes: Uint8Array): NumericTensor {
  const elements = shape.reduce((product, size) => product * size, 1);
  if (bytes.length !== elements * WIDTHS[dataType])
    throw new RunError(`a tensor of ${elements} ${dataType} elements came as ${bytes.length} bytes`);
  // A copy, for the view needs an offset that its elements divide.
  const { buffer } = Uint8Array.from(bytes);
  if (dataType === "float16") return { dataType, shape, data: Float32Array.from(new Uint16Array(buffer), fromFloat16) };
  if (dataType === "int64") return { dataType, shape, data: Float64Array.from(new BigInt64Array(buffer), Number) };
  if (dataType === "uint64") return { dataType, shape, data: Float64Array.from(new BigUint64Array(buffer), Number) };
  const data = newArray(dataType, elements);
  new Uint8Array(data.buffer).set(new Uint8Array(buffer));
  return { dataType, shape, data };
}
