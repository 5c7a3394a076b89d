import { bytesOf, type DataType } from "../../profiler/model/data-type.ts";
import { encodeRaw } from "./raw-tensor.ts";

/**
 * Elements of a tensor: bytes as stored, numbers, zeros, or a function from index to number. The last two are written chunk by
 * chunk, so that a network of hundreds of megabytes needs no memory.
 */
export type TensorData = Uint8Array | readonly number[] | "zeros" | ((index: number) => number);

/** A multiple of 8, so that packed elements of a few bits never straddle two chunks. */
const ELEMENTS_PER_CHUNK = 2 ** 18;

/** Bytes that `encodeElements` will give; numbers need not fit the shape, so that tests can write tensors that do not. */
export function encodedBytes(type: DataType, shape: readonly number[], data: TensorData): number {
  if (data instanceof Uint8Array) return data.length;
  const bytes = bytesOf(type, elementCount(shape, data));
  if (bytes === undefined) throw new Error(`${type} has no fixed width: give bytes`);
  return bytes;
}

export function* encodeElements(type: DataType, shape: readonly number[], data: TensorData): Iterable<Uint8Array> {
  if (data instanceof Uint8Array) {
    yield data;
    return;
  }
  const chunk = chunkEncoder(type, data);
  const elements = elementCount(shape, data);
  for (let start = 0; start < elements; start += ELEMENTS_PER_CHUNK) {
    yield chunk(start, Math.min(ELEMENTS_PER_CHUNK, elements - start));
  }
}

function chunkEncoder(
  type: DataType,
  data: Exclude<TensorData, Uint8Array>,
): (start: number, length: number) => Uint8Array {
  if (data === "zeros") {
    // All zeros look alike: one chunk serves for all.
    const zeros = new Uint8Array(encodedBytes(type, [ELEMENTS_PER_CHUNK], data));
    return (_, length) => zeros.subarray(0, encodedBytes(type, [length], data));
  }
  if (typeof data !== "function") return (start, length) => encodeRaw(type, data.slice(start, start + length));
  return (start, length) => {
    const values = Array.from({ length }, (_, index) => data(start + index));
    return encodeRaw(type, values);
  };
}

function elementCount(shape: readonly number[], data: Exclude<TensorData, Uint8Array>): number {
  return typeof data === "object" ? data.length : shape.reduce((product, size) => product * size, 1);
}
