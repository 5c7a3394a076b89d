import type { ByteSource } from "../../../bytes/byte-source.ts";
import { present, readBuffers, type StoredBytes } from "../buffers.ts";
import { PagedBytes } from "../paged-bytes.ts";
import { Model, ModelT, SubGraphT, type SubGraph, type TensorT } from "../schema/generated/schema_generated.ts";
import { presentList } from "../presence.ts";
import { TableBuffer } from "../table-buffer.ts";

/** A model's tables as objects, and where the data of its buffers is. */
export interface TfliteTables {
  /** Its list of buffers is empty. */
  readonly tables: ModelT;
  readonly buffers: readonly StoredBytes[];
}

/** Custom operators of compiled models (Edge TPU) keep megabytes in their options, which are read here, and not for a profile. */
const MOST_ELEMENTS = 2 ** 26;

/**
 * Reads all of a TFLite file but the data of its buffers.
 * @throws {ModelFormatError} @throws {LimitError} as `readTflite`
 */
export async function readTables(source: ByteSource): Promise<TfliteTables> {
  const buffer = new TableBuffer(new PagedBytes(source), MOST_ELEMENTS);
  const model = await buffer.once(() => Model.getRootAsModel(buffer));
  const { inside } = await readBuffers(buffer, model);
  const tables = await buffer.once(() => new ModelT(model.version(), [], [], model.description()));
  const list = async <T>(length: () => number, table: (index: number) => { unpack(): T } | null): Promise<T[]> => {
    const count = await buffer.once(length);
    return count === 0 && buffer.sawVector
      ? presentList()
      : buffer.each(count, (index) => present(table(index)).unpack());
  };
  tables.operatorCodes = await list(
    () => model.operatorCodesLength(),
    (index) => model.operatorCodes(index),
  );
  tables.metadataBuffer = await buffer.once(() =>
    buffer.createScalarList((index) => model.metadataBuffer(index) ?? 0, model.metadataBufferLength()),
  );
  tables.metadata = await list(
    () => model.metadataLength(),
    (index) => model.metadata(index),
  );
  tables.signatureDefs = await list(
    () => model.signatureDefsLength(),
    (index) => model.signatureDefs(index),
  );
  tables.externalBufferGroups = await list(
    () => model.externalBufferGroupsLength(),
    (index) => model.externalBufferGroups(index),
  );
  tables.externalBuffers = await list(
    () => model.externalBuffersLength(),
    (index) => model.externalBuffers(index),
  );
  const subgraphs = await buffer.once(() => model.subgraphsLength());
  for (let index = 0; index < subgraphs; index += 1) {
    const subgraph = await buffer.once(() => present(model.subgraphs(index)));
    tables.subgraphs.push(await readSubgraph(buffer, subgraph));
  }
  return { tables, buffers: inside };
}

/** Tables that predictions go by, as long as there is memory for them. */
const KEPT = new WeakMap<ByteSource, WeakRef<TfliteTables>>();

/**
 * As `readTables`, from the file once for many predictions.
 * @returns a copy that `editTables` may change; lists of numbers are the same in all copies
 */
export async function knownTables(source: ByteSource): Promise<TfliteTables> {
  const known = KEPT.get(source)?.deref() ?? (await readTables(source));
  KEPT.set(source, new WeakRef(known));
  return { tables: copied(known.tables), buffers: known.buffers };
}

function copied(tables: ModelT): ModelT {
  return shallow(tables, {
    operatorCodes: tables.operatorCodes.slice(),
    subgraphs: tables.subgraphs.map((subgraph) =>
      shallow(subgraph, {
        tensors: eachOf(subgraph.tensors, (tensor) => shallow(tensor, { quantization: copiedScheme(tensor) })),
        operators: eachOf(subgraph.operators, (operator) => shallow(operator, {})),
      }),
    ),
    metadata: eachOf(tables.metadata, (entry) => shallow(entry, {})),
    signatureDefs: eachOf(tables.signatureDefs, (signature) =>
      shallow(signature, {
        inputs: eachOf(signature.inputs, (map) => shallow(map, {})),
        outputs: eachOf(signature.outputs, (map) => shallow(map, {})),
      }),
    ),
  });
}

/** Details name tensors, which an edit numbers anew. */
function copiedScheme({ quantization }: TensorT): TensorT["quantization"] {
  if (!quantization?.details) return quantization;
  return shallow(quantization, { details: shallow(quantization.details, {}) });
}

/** A list that stands in the file without elements is the very list: see `presentList`. */
function eachOf<T>(list: T[], copy: (item: T) => T): T[] {
  return list.length === 0 ? list : list.map(copy);
}

function shallow<T extends object>(table: T, changes: Partial<T>): T {
  return Object.assign(Object.create(Object.getPrototypeOf(table) as object) as T, table, changes);
}

async function readSubgraph(buffer: TableBuffer, table: SubGraph): Promise<SubGraphT> {
  const subgraph = await buffer.once(
    () =>
      new SubGraphT(
        [],
        buffer.createScalarList((index) => table.inputs(index) ?? 0, table.inputsLength()),
        buffer.createScalarList((index) => table.outputs(index) ?? 0, table.outputsLength()),
        [],
        table.name(),
        table.debugMetadataIndex(),
      ),
  );
  const tensors = await buffer.once(() => table.tensorsLength());
  subgraph.tensors = await buffer.each(tensors, (index) => present(table.tensors(index)).unpack());
  const operators = await buffer.once(() => table.operatorsLength());
  subgraph.operators = await buffer.each(operators, (index) => present(table.operators(index)).unpack());
  return subgraph;
}
