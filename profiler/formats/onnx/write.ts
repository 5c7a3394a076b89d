import { prepareFile, type PreparedFile } from "../../bytes/atomic-file.ts";
import type { ByteSource } from "../../bytes/byte-source.ts";
import { ModelFormatError } from "../../errors.ts";
import type { Constant, Graph, Model } from "../../model/model.ts";
import { normalDomain } from "./opsets.ts";
import { onnx } from "./schema/onnx.ts";
import { WireWalker, type WireField } from "./wire/walk.ts";
import { writeTargetAt } from "../../bytes/write-target.ts";
import { copyDataFiles } from "./write/copy-data-files.ts";
import { DataFile, dataNameOf, prepareDataFile, sweepUnusedData } from "./write/data-file.ts";
import { withUsedData } from "./write/used-data.ts";
import { isEdited } from "../../model/edited.ts";
import { payloadOf, plannedPayload } from "../../neutral/edited-model.ts";
import { embeddedTensor, fieldSegments } from "./write/encode-tensor.ts";
import { patchedGraph, patchedGraphBytes, type PatchContext } from "./write/graph-patch.ts";
import {
  bytesOfSegments,
  bytesSegment,
  lengthOf,
  writeSegments,
  type ByteSegment,
  type ByteStream,
} from "../../bytes/byte-segments.ts";
import { furtherOutputs } from "./append-outputs.ts";

/** Protobuf's own readers take no longer message. */
const LONGEST_PROTOBUF = 2 ** 31 - 1;

/** Fields of ModelProto. */
const MODEL = { irVersion: 1, graph: 7, opsetImport: 8 } as const;

export interface WriteOptions {
  readonly signal?: AbortSignal;
  /** @param done share of the bytes, 0 to 1 */
  readonly onProgress?: (done: number) => void;
  /** See `AtomicWriteOptions`. */
  readonly onNote?: (note: string) => void;
  /** Bytes of the largest model that keeps its new weights inside; protobuf's 2 GiB when left out. */
  readonly largestModel?: number;
}

/**
 * Writes a model to `path`. What no edit touched is copied byte for byte; weights are streamed. New weights go into the model, or
 * into a new data file beside it when the model has data files or would pass protobuf's 2 GiB. Data files that it refers to are copied
 * along into another folder, but for those of which edits leave less than nine tenths: what is left is written anew. The file at `path` changes whole or not at all.
 *
 * @throws {FileAccessError} when it cannot be written, or another file has the name of a data file
 * @throws {FileChangedError} when the file that is copied from changed meanwhile
 * @throws {LoweringError} for a prediction, whose weights have no numbers
 */
export async function writeOnnx(edited: Model, path: string, options: WriteOptions = {}): Promise<void> {
  const model = withUsedData(edited);
  const { signal, onProgress, largestModel = LONGEST_PROTOBUF } = options;
  const dataFiles = model.dataFiles ?? new Map<string, ByteSource>();
  const begunAt = await writeTargetAt(path);
  const { path: place } = begunAt;
  await sweepUnusedData(place);
  const planning = { isSplit: hasDataFiles(edited), largestModel };
  const { segments, data } = await planned(model, dataNameOf(place), planning);
  const total = lengthOf(segments) + lengthOf(data);
  let done = 0;
  const onBytes = (count: number): void => onProgress?.((done += count) / total);
  await copyDataFiles(dataFiles, place, signal);
  const write = (parts: readonly ByteSegment[], label?: string): Promise<PreparedFile> =>
    prepareFile(path, (target) => writeSegments(parts, target, onBytes), { ...options, begunAt }, label);
  if (data.length === 0) return (await write(segments)).replace();
  const dataFile = await prepareDataFile(place, data, { signal, onBytes });
  try {
    const { segments: final } = await planned(model, dataFile.location, planning);
    const prepared = await write(final, dataFile.label);
    await dataFile.create();
    await prepared.replace();
  } catch (error) {
    await dataFile.discard();
    throw error;
  }
  await dataFile.settle();
}

/**
 * The model as one file in memory, new weights inside: for running it right away.
 * @param tensors of the main graph that it gives as outputs too
 * @throws {LoweringError} for a prediction
 */
export async function onnxBytes(model: Model, tensors: readonly string[] = []): Promise<Uint8Array> {
  return bytesOfSegments(await runnable(model, tensors));
}

/**
 * The same bytes for a process that runs them, without memory for all of them here.
 * @throws {LoweringError} for a prediction
 */
export async function onnxStream(model: Model, tensors: readonly string[] = []): Promise<ByteStream> {
  const segments = await runnable(model, tensors);
  return { byteLength: lengthOf(segments), writeTo: (target) => writeSegments(segments, target) };
}

async function runnable(model: Model, tensors: readonly string[]): Promise<readonly ByteSegment[]> {
  return [...(await modelSegments(model, writtenWith(embedded))), ...furtherOutputs(tensors)];
}

/**
 * All bytes that `writeOnnx` would write, those of its data files among them.
 * @throws {LoweringError} for a prediction
 */
export async function onnxSegments(edited: Model): Promise<readonly ByteSegment[]> {
  const model = withUsedData(edited);
  const planning = { isSplit: hasDataFiles(edited), largestModel: LONGEST_PROTOBUF };
  const { segments, data } = await planned(model, dataNameOf(model.file), planning);
  const dataFiles = [...(model.dataFiles?.values() ?? [])];
  return [...segments, ...data, ...dataFiles.map((source) => ({ source, offset: 0, length: source.size }))];
}

/**
 * Bytes that the model would take, its data files among them, under the name that it has; of a prediction too. Nothing of the weights
 * is read.
 * @param base that it was edited from: what the edit left alone is not counted again
 */
export async function onnxSize(edited: Model, base?: Model): Promise<number> {
  const model = withUsedData(edited);
  const dataFiles = model.dataFiles ?? NO_FILES;
  const data = hasDataFiles(edited) ? new DataFile(dataNameOf(model.file), dataFiles) : undefined;
  const tensor: PatchContext["tensor"] = (name, constant) =>
    Promise.resolve((data ? data.tensor.bind(data) : embeddedTensor)(name, constant, plannedPayload(constant)));
  const segments = await modelSegments(model, (graph, place, context) =>
    patchedGraphBytes(graph, place, { ...context, tensor }, base?.entries[0].graph).then((length) => [
      { bytes: NOTHING, length },
    ]),
  );
  return [...dataFiles.values()].reduce(
    (sum, { size }) => sum + size,
    lengthOf(segments) + lengthOf(data?.segments ?? []),
  );
}

/** Stands for a graph that is measured and never written. */
const NOTHING = new Uint8Array(0);
const NO_FILES: ReadonlyMap<string, ByteSource> = new Map();

/** New weights of such a model go into a file beside it, too. */
function hasDataFiles({ dataFiles = NO_FILES }: Model): boolean {
  return dataFiles.size > 0;
}

async function planned(
  model: Model,
  location: string,
  { isSplit, largestModel }: { readonly isSplit: boolean; readonly largestModel: number },
): Promise<{ readonly segments: readonly ByteSegment[]; readonly data: readonly ByteSegment[] }> {
  if (!isSplit) {
    const segments = await modelSegments(model, writtenWith(embedded));
    if (!isEdited(model) || lengthOf(segments) <= largestModel) return { segments, data: [] };
  }
  const data = new DataFile(location, model.dataFiles ?? NO_FILES);
  const segments = await modelSegments(
    model,
    writtenWith(async (name, constant) => data.tensor(name, constant, await payloadOf(constant))),
  );
  return { segments, data: data.segments };
}

async function embedded(name: string, constant: Constant): Promise<readonly ByteSegment[]> {
  return embeddedTensor(name, constant, await payloadOf(constant));
}

/** What becomes of the graph of a file. */
type PatchGraph = (
  graph: Graph,
  place: WireField,
  context: Omit<PatchContext, "tensor">,
) => Promise<readonly ByteSegment[]>;

function writtenWith(tensor: PatchContext["tensor"]): PatchGraph {
  return (graph, place, context) => patchedGraph(graph, place, { ...context, tensor });
}

async function modelSegments(model: Model, patch: PatchGraph): Promise<readonly ByteSegment[]> {
  const { source } = model;
  if (source === undefined) throw new RangeError(`${model.file} was not read from a file`);
  const whole = { source, offset: 0, length: source.size };
  if (!isEdited(model)) return [whole];
  const walker = WireWalker.of(source);
  const fields = await walker.fields(0, source.size);
  const graphs = fields.filter(({ field }) => field === MODEL.graph);
  const [graph] = graphs;
  if (graph === undefined || graphs.length > 1) {
    throw new ModelFormatError(model.file, "the model", `expected one graph, not ${graphs.length} parts of it`, {
      hint: "Load and save it once with ONNX's own tools.",
    });
  }
  const irVersion = await irVersionOf(fields, walker);
  const patched = await patch(model.entries[0].graph, graph, { source, walker, irVersion });
  const end = graph.offset + graph.length;
  return [
    { source, offset: 0, length: graph.start },
    ...fieldSegments(MODEL.graph, patched),
    { source, offset: end, length: source.size - end },
    ...(await furtherOpsets(model, fields, source)),
  ];
}

/** Operator sets that an edit brought, behind the file: protobuf takes them for more of its list. */
async function furtherOpsets(
  { opsets }: Model,
  fields: readonly WireField[],
  source: ByteSource,
): Promise<readonly ByteSegment[]> {
  const imports = fields.filter(({ field }) => field === MODEL.opsetImport);
  if (opsets.size <= imports.length) return [];
  const known = new Set<string>();
  for (const { offset, length } of imports)
    known.add(normalDomain(onnx.OperatorSetIdProto.decode(await source.read(offset, length)).domain));
  const opsetImport = Array.from(opsets, ([domain, version]) => ({ domain, version })).filter(
    ({ domain }) => !known.has(domain),
  );
  return opsetImport.length === 0 ? [] : [bytesSegment(onnx.ModelProto.encode({ opsetImport }).finish())];
}

async function irVersionOf(fields: readonly WireField[], walker: WireWalker): Promise<number> {
  const field = fields.findLast((candidate) => candidate.field === MODEL.irVersion);
  return field ? walker.number(field) : 0;
}
