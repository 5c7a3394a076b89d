import { bytesOf, type DataType } from "../../profiler/model/data-type.ts";
import { encodeRaw } from "./raw-tensor.ts";

/**
 * Elements of a tensor: bytes as stored, numbers, zeros, or a function from index to number. The last two are written piece by
 * piece, so that a network of hundreds of megabytes needs no memory.
 */
export type TensorData = Uint8Array | readonly number[] | "zeros" | ((index: number) => number);

/** A multiple of 8, so that packed elements of a few bits never straddle two pieces. */
const ELEMENTS_PER_PIECE = 2 ** 18;

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
  const elements = elementCount(shape, data);
  for (let start = 0; start < elements; start += ELEMENTS_PER_PIECE) {
    const length = Math.min(ELEMENTS_PER_PIECE, elements - start);
    if (data === "zeros") yield new Uint8Array(encodedBytes(type, [length], data));
    else if (typeof data === "function")
      yield encodeRaw(
        type,
        Array.from({ length }, (_, index) => data(start + index)),
      );
    else yield encodeRaw(type, data.slice(start, start + length));
  }
}

function elementCount(shape: readonly number[], data: Exclude<TensorData, Uint8Array>): number {
  return typeof data === "object" ? data.length : shape.reduce((product, size) => product * size, 1);
}
