import { ModelFormatError } from "../../errors.ts";
import { isSliceable, slice } from "../../model/constant-slice.ts";
import { readConstant } from "../../model/constant-values.ts";
import { bytesOf, type DataType } from "../../model/data-type.ts";
import { encodeRaw } from "../../model/encode-elements.ts";
import type { Constant } from "../../model/model.ts";
import { elementsOf } from "../../model/shape.ts";
import { rawFromTyped } from "../../model/typed-elements.ts";

/** Memory holds so many elements at a time. A multiple of 8: elements narrower than a byte start with one. */
const ELEMENTS_PER_CHUNK = 2 ** 18;

/** The constant's elements as bytes of its own type, exactly: integers of 64 bits and complex numbers among them. */
export async function* rawChunks(constant: Constant, name: string): AsyncGenerator<Uint8Array> {
  const { storage, dataType, shape } = constant;
  const needed = bytesOf(dataType, elementsOf(shape) ?? 0) ?? 0;
  const length = (given: number): number => {
    if (given >= needed) return needed;
    throw new ModelFormatError(name, `constant of ${dataType}`, `its elements take ${needed} bytes, not ${given}`);
  };
  if (storage.kind === "sparse" || storage.kind === "none") {
    for await (const { values } of valueChunks(constant, name)) yield encodeRaw(dataType, values);
  } else if (storage.encoding !== "raw") {
    const stored = storage.kind === "bytes" ? storage.bytes : await storage.source.read(storage.offset, storage.length);
    const raw = rawFromTyped(dataType, storage.encoding, stored);
    yield raw.subarray(0, length(raw.length));
  } else if (storage.kind === "bytes") {
    yield storage.bytes.subarray(0, length(storage.bytes.length));
  } else {
    const end = length(storage.length);
    const step = 8 * ELEMENTS_PER_CHUNK;
    for (let at = 0; at < end; at += step)
      yield await storage.source.read(storage.offset + at, Math.min(step, end - at));
  }
}

export interface ValueChunk {
  /** Position of the first element. */
  readonly start: number;
  readonly values: Float64Array;
}

/**
 * The constant's elements as numbers.
 * @throws {ModelFormatError} when the file holds none
 */
export async function* valueChunks(constant: Constant, name: string): AsyncGenerator<ValueChunk> {
  const elements = elementsOf(constant.shape) ?? 0;
  if (!isSliceable(constant) || elements <= ELEMENTS_PER_CHUNK) {
    yield { start: 0, values: await read(constant, name) };
    return;
  }
  for (let start = 0; start < elements; start += ELEMENTS_PER_CHUNK) {
    const count = Math.min(ELEMENTS_PER_CHUNK, elements - start);
    yield { start, values: await read(slice(constant, start, count), name) };
  }
}

export async function* encodedChunks(type: DataType, chunks: AsyncIterable<ValueChunk>): AsyncGenerator<Uint8Array> {
  for await (const { values } of chunks) yield encodeRaw(type, values);
}

async function read(constant: Constant, name: string): Promise<Float64Array> {
  const values = await readConstant(constant);
  if (values) return values;
  throw new ModelFormatError(name, `constant of ${constant.dataType}`, "the file does not hold its elements");
}
