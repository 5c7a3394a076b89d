import { LimitError, ModelFormatError } from "../errors.ts";
import { decodeRaw, decodeRawInto } from "./raw-elements.ts";
import { rawFromTyped } from "./typed-elements.ts";
import { bytesOf, type DataType } from "./data-type.ts";
import type { Constant, Storage } from "./model.ts";
import { eachStored, type LevelPositions, type SparseTraversal } from "./sparse-traversal.ts";
import { elementsOf } from "./shape.ts";

/** A sparse tensor of a few elements can have a shape that nobody's memory holds: 4 GiB as float64. */
const LARGEST_DENSE = 2 ** 29;

/** A multiple of 8, so that no element of a few bits straddles two chunks. */
const ELEMENTS_PER_CHUNK = 2 ** 18;

/**
 * All elements of a constant, row-major, whatever its type and storage; sparse ones with their zeros. Integers beyond 2^53 are
 * rounded. undefined for types that are no real numbers (strings, complex) and for constants without bytes.
 *
 * @throws {ModelFormatError} when the bytes are not as many as the shape asks for
 * @throws {FileChangedError} when the file is not the one that was opened any more
 * @throws {LimitError} when a sparse tensor is too large to be written out
 */
export async function readConstant(constant: Constant): Promise<Float64Array | undefined> {
  const { dataType, shape, storage } = constant;
  if (storage.kind === "sparse") {
    const { parts, traversal } = storage;
    return traversal ? readTraversed(dataType, shape, parts, traversal) : readSparse(dataType, shape, parts);
  }
  return readStorage(dataType, storage, elementsOf(shape));
}

/** @param elements how many there must be; undefined: as many as there are */
async function readStorage(type: DataType, storage: Storage, elements?: number): Promise<Float64Array | undefined> {
  if (storage.kind === "none" || storage.kind === "sparse") return undefined;
  if (bytesOf(type, 8) === undefined || decodeRaw(type, new Uint8Array(0), 0) === undefined) return undefined;
  const file = fileOf(storage);
  const read = reader(storage);
  const length = storage.kind === "bytes" ? storage.bytes.length : storage.length;
  if (storage.encoding !== "raw") {
    const raw = rawFromTyped(type, storage.encoding, await read(0, length));
    return decodeChunks(
      type,
      (from, count) => Promise.resolve(raw.subarray(from, from + count)),
      raw.length,
      file,
      elements,
    );
  }
  return decodeChunks(type, read, length, file, elements);
}

/** Bytes in memory do not say which file they came from. */
const UNNAMED = "constant";

function fileOf(storage: Storage): string {
  return storage.kind === "range" ? storage.source.name : UNNAMED;
}

type Read = (from: number, length: number) => Promise<Uint8Array>;

function reader(storage: Exclude<Storage, { kind: "none" | "sparse" }>): Read {
  if (storage.kind === "range") return (from, length) => storage.source.read(storage.offset + from, length);
  return (from, length) => Promise.resolve(storage.bytes.subarray(from, from + length));
}

async function decodeChunks(
  type: DataType,
  read: Read,
  length: number,
  file: string,
  elements = Math.floor((8 * length) / (bytesOf(type, 8) ?? 8)),
): Promise<Float64Array> {
  const needed = bytesOf(type, elements) ?? 0;
  if (needed > length)
    throw new ModelFormatError(file, `constant of ${type}`, `${elements} elements take ${needed} bytes, not ${length}`);
  const values = new Float64Array(elements);
  for (let start = 0; start < elements; start += ELEMENTS_PER_CHUNK) {
    const count = Math.min(ELEMENTS_PER_CHUNK, elements - start);
    const bytes = await read(bytesOf(type, start) ?? 0, bytesOf(type, count) ?? 0);
    decodeRawInto(type, bytes, values.subarray(start, start + count));
  }
  return values;
}

/** ONNX's COO form: the elements that are stored, and where they belong, as positions or as one index an axis. */
async function readSparse(
  type: DataType,
  shape: readonly number[],
  [valuePart, indexPart]: readonly Storage[],
): Promise<Float64Array | undefined> {
  if (valuePart === undefined || indexPart === undefined) return undefined;
  const values = await readStorage(type, valuePart);
  const indices = await readStorage("int64", indexPart);
  return values && indices && expandSparse(shape, values, indices, fileOf(valuePart));
}

/** TFLite's form: values, and the lists of each level that is not dense. */
async function readTraversed(
  type: DataType,
  shape: readonly number[],
  [valuePart, ...lists]: readonly Storage[],
  traversal: SparseTraversal,
): Promise<Float64Array | undefined> {
  const values = valuePart && (await readStorage(type, valuePart));
  if (valuePart === undefined || values === undefined) return undefined;
  const file = fileOf(valuePart);
  const positions: LevelPositions[] = [];
  for (const level of traversal.levels) {
    if (level.kind === "dense") continue;
    const [segments, indices] = lists.splice(0, 2);
    positions.push({
      segments: (segments && (await readStorage(level.segments, segments))) ?? [],
      indices: (indices && (await readStorage(level.indices, indices))) ?? [],
    });
  }
  const dense = new Float64Array(denseElements(shape, file));
  eachStored(shape, traversal, positions, values.length, file, (value, position) => {
    dense[position] = values[value] ?? 0;
  });
  return dense;
}

/** @throws {LimitError} when the tensor with its zeros has more than LARGEST_DENSE elements */
function denseElements(shape: readonly number[], file: string): number {
  const elements = elementsOf(shape) ?? 0;
  if (elements <= LARGEST_DENSE) return elements;
  throw new LimitError(
    `${file}: a sparse tensor of ${elements} elements is too large to be written out (LARGEST_DENSE: ${LARGEST_DENSE})`,
  );
}

/**
 * @param indices one for each value (a position in the flattened tensor), or as many as the tensor has axes
 * @throws {ModelFormatError} when an index lies outside the shape
 * @throws {LimitError} when the tensor with its zeros has more than LARGEST_DENSE elements
 */
export function expandSparse(
  shape: readonly number[],
  values: ArrayLike<number>,
  indices: ArrayLike<number>,
  file = UNNAMED,
): Float64Array {
  const elements = denseElements(shape, file);
  const dense = new Float64Array(elements);
  const perValue = indices.length === values.length ? 1 : shape.length;
  for (let stored = 0; stored < values.length; stored += 1) {
    let position = 0;
    for (let axis = 0; axis < perValue; axis += 1) {
      const index = indices[stored * perValue + axis] ?? -1;
      const size = perValue === 1 ? elements : (shape[axis] ?? 0);
      if (!(index >= 0 && index < size)) {
        throw new ModelFormatError(
          file,
          `sparse tensor, element ${stored}`,
          `an index from 0 to ${size - 1}, not ${index}`,
        );
      }
      position = position * (perValue === 1 ? 1 : size) + index;
    }
    dense[position] = values[stored] ?? 0;
  }
  return dense;
}
