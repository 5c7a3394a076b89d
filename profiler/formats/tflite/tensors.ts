import { bytesOf } from "../../model/data-type.ts";
import {
  bringsValues,
  type Constant,
  type DeclaredDimension,
  type DeclaredType,
  type Tensor,
} from "../../model/model.ts";
import { decodeRaw } from "../../model/raw-elements.ts";
import { storageOf, type Buffers, type StoredBytes } from "./buffers.ts";
import { TENSOR_TYPES } from "./data-types.ts";
import { readSparsity } from "./sparsity.ts";
import { readQuantization, resolveQuantization, type QuantizationTable } from "./quantization.ts";
import type { Tensor as TensorTable } from "./schema/generated/schema_generated.ts";
import type { TableBuffer } from "./table-buffer.ts";

/** Runtimes stop at 8; a tensor of hundreds of axes is damage. */
const MOST_DIMENSIONS = 32;

/** A tensor and what can only be told when all tensors of its subgraph are read. */
export interface TensorRead {
  readonly tensor: Tensor;
  readonly shape: readonly number[];
  /** Whether the file says that it knows how many axes there are. */
  readonly saysRank: boolean;
  readonly quantization: QuantizationTable | undefined;
}

/** @throws {ModelFormatError} */
export function readTensor(buffer: TableBuffer, table: TensorTable, id: number, buffers: Buffers): TensorRead {
  const { pages } = buffer;
  const name = text(table.name());
  if (name !== "") pages.place += ` ${name}`;
  const dataType = TENSOR_TYPES[table.type()];
  if (dataType === undefined) throw pages.error(`element type ${table.type()} is not one of TFLite's`);
  const shape = buffer.createScalarList((index) => table.shape(index) ?? 0, table.shapeLength());
  const signature = buffer.createScalarList((index) => table.shapeSignature(index) ?? 0, table.shapeSignatureLength());
  const stored = storedBytes(buffer, table, buffers);
  const isRankKnown = shape.length > 0 || table.hasRank() || stored !== undefined;
  const declared: DeclaredType = { dataType, shape: isRankKnown ? dimensions(buffer, shape, signature) : undefined };
  const constant = stored && readConstant(buffer, table, dataType, shape, stored);
  const quantization = table.quantization();
  return {
    tensor: {
      id,
      name,
      declared,
      ...(constant && { constant }),
      ...(table.isVariable() ? { isVariable: true as const } : {}),
    },
    shape,
    saysRank: table.hasRank(),
    quantization: quantization === null ? undefined : readQuantization(buffer, quantization),
  };
}

/** Tensors of a file from before ranks were said, in which no tensor says its own: there no sizes are those of a scalar. */
export function withScalars(reads: readonly TensorRead[]): readonly TensorRead[] {
  return reads.map((read) => {
    const { declared } = read.tensor;
    if (declared === undefined || declared.shape !== undefined) return read;
    return { ...read, tensor: { ...read.tensor, declared: { ...declared, shape: [] } } };
  });
}

/** Second pass: quantization may refer to tensors behind the one that it is of. */
export function withQuantization(reads: readonly TensorRead[], warn: (warning: string) => void): readonly Tensor[] {
  const tensors = reads.map(({ tensor }) => tensor);
  return reads.map(({ tensor, shape, quantization: table }) => {
    if (table === undefined) return tensor;
    const quantization = resolveQuantization(table, shape, tensors);
    if (typeof quantization === "object") return { ...tensor, quantization };
    warn(`tensor ${tensor.id} ${tensor.name}: quantization ignored: ${quantization}`);
    return tensor;
  });
}

/** Sizes; −1 in the signature marks those that a run may change, `shape` then has the size used at conversion. */
function dimensions(
  buffer: TableBuffer,
  shape: readonly number[],
  signature: readonly number[],
): readonly DeclaredDimension[] {
  const { pages } = buffer;
  if (shape.length > MOST_DIMENSIONS)
    throw pages.error(`at most ${MOST_DIMENSIONS} dimensions expected, not ${shape.length}`);
  if (signature.length > 0 && signature.length !== shape.length) {
    throw pages.error(`its shape has ${shape.length} dimensions, but its signature ${signature.length}`);
  }
  const negative = [...shape, ...signature].find((size) => size < -1);
  if (negative !== undefined) throw pages.error(`a size cannot be ${negative}`);
  if (shape.reduce((product, size) => product * Math.abs(size), 1) > Number.MAX_SAFE_INTEGER) {
    throw pages.error(`a tensor of [${shape.join(", ")}] elements fits no machine`);
  }
  return shape.map((size, axis): DeclaredDimension => {
    if (size < 0) return { dynamic: true, example: 1 };
    return signature[axis] === -1 ? { dynamic: true, example: size } : size;
  });
}

function storedBytes(buffer: TableBuffer, table: TensorTable, buffers: Buffers): StoredBytes | undefined {
  const { pages } = buffer;
  const externalId = table.externalBuffer();
  if (externalId !== 0) {
    const external = buffers.external.get(externalId);
    if (external === undefined) throw pages.error(`external buffer ${externalId} does not exist`);
    return external;
  }
  const index = table.buffer();
  const stored = buffers.inside[index];
  // Buffer 0 stands for none; a file without any buffer can have tensors without data all the same.
  if (stored === undefined && index !== 0) {
    throw pages.error(`buffer ${index} does not exist: the model has ${buffers.inside.length}`);
  }
  return stored === undefined || stored.length === 0 ? undefined : stored;
}

/** @throws {ModelFormatError} when the bytes are not those of its shape */
function readConstant(
  buffer: TableBuffer,
  table: TensorTable,
  dataType: Constant["dataType"],
  shape: readonly number[],
  stored: StoredBytes,
): Constant {
  const { pages } = buffer;
  const elements = shape.reduce((product, size) => product * size, 1);
  const sparsity = table.sparsity();
  const isSparse = sparsity !== null;
  const expected = bytesOf(dataType, elements);
  if (expected !== undefined && (isSparse ? stored.length > expected : stored.length !== expected)) {
    const says = `${isSparse ? "at most " : ""}${expected} bytes expected for ${dataType} [${shape.join(", ")}]`;
    throw pages.error(`${says}, but its buffer has ${stored.length}`, stored.offset);
  }
  const isSmall = expected !== undefined && bringsValues(dataType, shape.length, elements);
  const values =
    isSmall && !isSparse && stored.offset !== undefined
      ? decodeRaw(dataType, pages.bytes(stored.offset, stored.length), elements)
      : undefined;
  const storage = storageOf(buffer, stored);
  const places = sparsity === null ? undefined : readSparsity(buffer, sparsity);
  if (places !== undefined) {
    const { traversal, lists, listBytes } = places;
    const parts = [storage, ...lists];
    const storedBytes = stored.length + listBytes;
    return { dataType, shape, storedBytes, storage: { kind: "sparse", parts, traversal }, isSparse: true };
  }
  return {
    dataType,
    shape,
    storedBytes: stored.length,
    storage,
    ...(values && { values }),
    ...(isSparse && { isSparse: true as const }),
  };
}

/** The generated accessors can give a string's bytes; ours never ask for them. */
export function text(value: string | Uint8Array | null): string {
  return typeof value === "string" ? value : "";
}
