import { readConstant } from "../../model/constant-values.ts";
import { bytesOf } from "../../model/data-type.ts";
import type { Constant, Storage } from "../../model/model.ts";
import type { PositionType, SparseTraversal, TraversalLevel } from "../../model/sparse-traversal.ts";
import type { TableBuffer } from "./table-buffer.ts";
import {
  DimensionMetadataT,
  DimensionType,
  Int32Vector,
  Int32VectorT,
  SparseIndexVector,
  SparsityParametersT,
  Uint16Vector,
  Uint16VectorT,
  Uint8Vector,
  Uint8VectorT,
  type SparsityParameters,
} from "./schema/generated/schema_generated.ts";

/** Where the elements of a sparse tensor belong, and the lists that say so: those stay in the file. */
export interface SparsityRead {
  readonly traversal: SparseTraversal;
  /** Segments and indices of each compressed level. */
  readonly lists: readonly Storage[];
  /** Bytes of the lists. */
  readonly listBytes: number;
}

interface ListKind {
  readonly type: PositionType;
  readonly accessor: () => Int32Vector | Uint16Vector | Uint8Vector;
  readonly table: (values: number[]) => Int32VectorT | Uint16VectorT | Uint8VectorT;
}

const LIST_KINDS: Readonly<Partial<Record<SparseIndexVector, ListKind>>> = {
  [SparseIndexVector.Int32Vector]: {
    type: "int32",
    accessor: () => new Int32Vector(),
    table: (values) => new Int32VectorT(values),
  },
  [SparseIndexVector.Uint16Vector]: {
    type: "uint16",
    accessor: () => new Uint16Vector(),
    table: (values) => new Uint16VectorT(values),
  },
  [SparseIndexVector.Uint8Vector]: {
    type: "uint8",
    accessor: () => new Uint8Vector(),
    table: (values) => new Uint8VectorT(values),
  },
};

/** The only field of a list's table. */
const LIST_SLOT = 4;

/** @returns undefined where a level has no lists, or ones of a kind that the schema does not know */
export function readSparsity(buffer: TableBuffer, table: SparsityParameters): SparsityRead | undefined {
  const numbers = (length: number, at: (index: number) => number | null): readonly number[] =>
    buffer.createScalarList((index) => at(index) ?? 0, length);
  const order = numbers(table.traversalOrderLength(), (index) => table.traversalOrder(index));
  const blockAxes = numbers(table.blockMapLength(), (index) => table.blockMap(index));
  const levels: TraversalLevel[] = [];
  const lists: List[] = [];
  const count = table.dimMetadataLength();
  for (let index = 0; index < count; index += 1) {
    const level = table.dimMetadata(index);
    if (level === null) return undefined;
    if (level.format() === DimensionType.DENSE) {
      levels.push({ kind: "dense", size: level.denseSize() });
      continue;
    }
    const segments = listOf(buffer, level.arraySegmentsType(), (accessor) => level.arraySegments(accessor));
    const indices = listOf(buffer, level.arrayIndicesType(), (accessor) => level.arrayIndices(accessor));
    if (segments === undefined || indices === undefined) return undefined;
    levels.push({ kind: "compressed", segments: segments.type, indices: indices.type });
    lists.push(segments, indices);
  }
  const { source } = buffer.pages;
  return {
    traversal: { order, blockAxes, levels },
    lists: lists.map(({ offset, length }) => ({ kind: "range", source, offset, length, encoding: "raw" })),
    listBytes: lists.reduce((sum, { length }) => sum + length, 0),
  };
}

interface List {
  readonly type: PositionType;
  readonly offset: number;
  readonly length: number;
}

function listOf(
  buffer: TableBuffer,
  kind: SparseIndexVector,
  read: (accessor: ReturnType<ListKind["accessor"]>) => unknown,
): List | undefined {
  const { type, accessor } = LIST_KINDS[kind] ?? {};
  if (type === undefined || accessor === undefined) return undefined;
  const table = accessor();
  if (read(table) === null) return undefined;
  return { type, ...(buffer.vectorRange(table.bb_pos, LIST_SLOT, bytesOf(type, 1)) ?? { offset: 0, length: 0 }) };
}

/** The table that says where the elements of a new sparse constant belong; null for one that is not sparse. */
export async function sparsityTable({ storage }: Constant): Promise<SparsityParametersT | null> {
  if (storage.kind !== "sparse" || storage.traversal === undefined) return null;
  const { order, blockAxes, levels } = storage.traversal;
  const lists = storage.parts.slice(1);
  const tables: DimensionMetadataT[] = [];
  for (const level of levels) {
    if (level.kind === "dense") {
      tables.push(new DimensionMetadataT(DimensionType.DENSE, level.size));
      continue;
    }
    const [segments, indices] = lists.splice(0, 2);
    const written = [
      ...(await listTable(level.segments, segments)),
      ...(await listTable(level.indices, indices)),
    ] as const;
    tables.push(new DimensionMetadataT(DimensionType.SPARSE_CSR, 0, ...written));
  }
  return new SparsityParametersT([...order], [...blockAxes], tables);
}

async function listTable(
  type: PositionType,
  storage: Storage | undefined,
): Promise<readonly [SparseIndexVector, ReturnType<ListKind["table"]>]> {
  const kind = [SparseIndexVector.Int32Vector, SparseIndexVector.Uint16Vector, SparseIndexVector.Uint8Vector].find(
    (each) => LIST_KINDS[each]?.type === type,
  );
  const table = kind === undefined ? undefined : LIST_KINDS[kind]?.table;
  if (kind === undefined || table === undefined || storage === undefined || storage.kind === "sparse")
    throw new RangeError(`a level of ${type} has no list`);
  const bytes = storage.kind === "none" ? 0 : storage.kind === "bytes" ? storage.bytes.length : storage.length;
  const length = bytes / (bytesOf(type, 1) ?? 1);
  const numbers = await readConstant({ dataType: type, shape: [length], storedBytes: bytes, storage });
  return [kind, table([...(numbers ?? [])])];
}
