import { existsSync } from "node:fs";
import { FileSource } from "../bytes/file-source.ts";
import { OptionError } from "../errors.ts";
import type { ByteSegment } from "../bytes/byte-segments.ts";
import type { ByteSource, ExternalDataFiles } from "../bytes/byte-source.ts";
import { count } from "../counters.ts";
import { NO_GROUPS, type Grouping } from "../layers/operator-group.ts";
import type { FormatId } from "../model/format.ts";
import type { Model, Node, Quantization, TensorId } from "../model/model.ts";
import { withEntry } from "../model/choose-entry.ts";
import { requireData } from "../model/require-data.ts";
import type { StoredSource } from "../model/stored-source.ts";
import type { FormatAdapter } from "../neutral/adapter.ts";
import type { OperatorTable } from "../operators/operator-rule.ts";
import type { RunnableFile } from "./runnable-file.ts";
import { modelIn, modelsIn, partOf } from "./bundles/bundle.ts";
import { FORMAT_TYPES, formatByName, type FormatType } from "./format-types.ts";
import { integerProducts, type IntegerProducts } from "./onnx/integer-products.ts";
import { storedSource as onnxStoredSource } from "./onnx/stored-source.ts";
import { storedSource as tfliteStoredSource } from "./tflite/stored-source.ts";
import { quantizedActivations } from "./onnx/quantized-activations.ts";
import { QUANTIZATION_GROUPS } from "./onnx/fusion/quantization-groups.ts";
import { ONNX_ADAPTER } from "./onnx/adapter.ts";
import { isForeign as isForeignOnnx, ONNX_OPERATORS } from "./onnx/operators/index.ts";
import { readOnnx, type ReadOptions } from "./onnx/read.ts";
import { onnxBytes, onnxSegments, writeOnnx } from "./onnx/write.ts";
import { TFLITE_ADAPTER } from "./tflite/adapter.ts";
import { zeroBiasedFile } from "./tflite/zero-biases.ts";
import { liteMicroRefusals } from "./tflite/lite-micro.ts";
import { isTfliteFile } from "./tflite/identify.ts";
import { isForeign as isForeignTflite, TFLITE_OPERATORS } from "./tflite/operators/index.ts";
import { readTflite } from "./tflite/read.ts";
import { tfliteBytes, tfliteSegments, writeTflite } from "./tflite/write.ts";

export interface WriteOptions {
  readonly signal?: AbortSignal;
  /** @param done share of the bytes, 0 to 1 */
  readonly onProgress?: (done: number) => void;
  /** Told in a sentence what of a replaced file could not be kept, or that another program wrote it meanwhile. */
  readonly onNote?: (note: string) => void;
}

/** Everything that Edgewise knows of one file format. What asks for a format's name elsewhere misses a field here. */
export interface Format extends FormatType {
  readonly id: FormatId;
  /** Whether the first bytes are those of such a file. */
  readonly matches: (source: ByteSource) => Promise<boolean>;
  readonly read: (source: ByteSource, externalData: ExternalDataFiles, options?: ReadOptions) => Promise<Model>;
  readonly write: (model: Model, path: string, options: WriteOptions) => Promise<void>;
  /** The file that `write` would write, for running it right away. */
  readonly bytes: (model: Model) => Promise<Uint8Array>;
  /** What its runtimes are given where they refuse what the format allows; undefined where they take the file as it is. */
  readonly runnable: (model: Model) => Promise<RunnableFile | undefined>;
  /** What `write` would write, its data files among it, piece by piece. */
  readonly segments: (model: Model) => Promise<readonly ByteSegment[]>;
  readonly operators: OperatorTable;
  /** Whether its runtime loads no model with this operator, which is somebody's own. */
  readonly isForeign: (node: Node) => boolean;
  readonly adapter: FormatAdapter;
  /** What its runtimes run as one operator. */
  readonly grouping: Grouping;
  /** Schemes of inner tensors that sessions give as integers: what they stand for. */
  readonly quantizedActivations: (model: Model) => ReadonlyMap<TensorId, Quantization>;
  /** What of a weight an operator leaves as the file stores it; undefined for one that computes. */
  readonly storedSource: (node: Node) => StoredSource | undefined;
  /** Products of 8-bit integers that its runtime's own kernels compute, which saturate on some machines; undefined for none. */
  readonly integerProducts: (model: Model) => IntegerProducts | undefined;
  /** Why its runtime for microcontrollers does not run operators of a model in integers, by node; nothing where there is no such runtime. */
  readonly microcontrollerRefusals: (model: Model) => ReadonlyMap<Node, string>;
  /** Its runtime runs a graph that has no inputs: what constants make is computed by it. */
  readonly runsWithoutInputs: boolean;
  /** Its runtime can leave a graph as it is, or rewrite it: two ways of computing the same. */
  readonly hasOptimizationLevels: boolean;
  /** Sessions are given and give the real numbers that quantized inputs and outputs stand for. */
  readonly takesRealNumbers: boolean;
  /** Every tensor has a name that no other has: otherwise "#12" is the one with that number. */
  readonly namesEveryTensor: boolean;
  /** Every tensor has a declared type, with an example of each size that a run may change. */
  readonly declaresEveryTensor: boolean;
  /** Its runtimes take models whose sizes are fixed: those that a run decides are bound in memory before it. */
  readonly fixesSizesToRun: boolean;
}

export const FORMATS: Readonly<Record<FormatId, Format>> = {
  onnx: {
    id: "onnx",
    ...FORMAT_TYPES.onnx,
    // Protobuf has no first bytes of its own: what is nothing else is read as it, and the reader says what it is not.
    matches: () => Promise.resolve(false),
    read: readOnnx,
    write: writeOnnx,
    bytes: (model) => onnxBytes(model),
    runnable: () => Promise.resolve(undefined),
    segments: onnxSegments,
    operators: ONNX_OPERATORS,
    isForeign: isForeignOnnx,
    adapter: ONNX_ADAPTER,
    grouping: QUANTIZATION_GROUPS,
    quantizedActivations,
    storedSource: onnxStoredSource,
    integerProducts,
    microcontrollerRefusals: () => new Map(),
    runsWithoutInputs: true,
    hasOptimizationLevels: true,
    takesRealNumbers: false,
    namesEveryTensor: true,
    declaresEveryTensor: false,
    fixesSizesToRun: false,
  },
  tflite: {
    id: "tflite",
    ...FORMAT_TYPES.tflite,
    matches: isTfliteFile,
    read: readTflite,
    write: writeTflite,
    bytes: (model) => tfliteBytes(model),
    runnable: zeroBiasedFile,
    segments: tfliteSegments,
    operators: TFLITE_OPERATORS,
    isForeign: isForeignTflite,
    adapter: TFLITE_ADAPTER,
    // Quantized operators are taken as they are in the file.
    grouping: NO_GROUPS,
    quantizedActivations: () => new Map(),
    storedSource: tfliteStoredSource,
    integerProducts: () => undefined,
    microcontrollerRefusals: liteMicroRefusals,
    runsWithoutInputs: false,
    hasOptimizationLevels: false,
    takesRealNumbers: true,
    namesEveryTensor: false,
    declaresEveryTensor: true,
    fixesSizesToRun: true,
  },
};

export function formatOf({ format }: Pick<Model, "format">): Format {
  return FORMATS[format];
}

/** The format that a file is meant to be: by its name where that tells, else by its first bytes, so that errors speak of that one. */
async function formatOfFile(source: ByteSource): Promise<Format> {
  const named = formatByName(source.name);
  if (named !== undefined) return FORMATS[named];
  for (const format of Object.values(FORMATS)) if (await format.matches(source)) return format;
  return FORMATS.onnx;
}

/** What of a file is read. */
export interface ReadModelOptions extends ReadOptions {
  /** A model of a bundle, an entry of a model, or MODEL#ENTRY: what stands behind the file's name on the command line. */
  readonly part?: string;
  /** Of a bundle of several models the first is read where nobody has said which. */
  readonly takesFirst?: boolean;
}

/**
 * Reads a model of whichever format; of a bundle with one model that one.
 * @throws {ModelFormatError} naming the models of a bundle of several
 * @throws {OptionError} naming the entries of a model that has not the one that is asked for
 * @throws {EdgewiseError} when the file is no model, or is broken
 */
export async function readModel(
  source: ByteSource,
  externalData: ExternalDataFiles,
  { part, takesFirst = false, ...options }: ReadModelOptions = {},
): Promise<Model> {
  const models = formatByName(source.name) === undefined ? ((await modelsIn(source)) ?? []) : [];
  if (models.length > 0) {
    const asked = partOf(models, part);
    const name = asked.model ?? (takesFirst ? models[0]?.name : undefined);
    const model = await read(await modelIn(source, models, name), externalData, options);
    const bundle = { models: models.map((each) => each.name), model: name ?? models[0]?.name ?? "" };
    return withEntry({ ...model, bundle }, asked.entry);
  }
  const model = await read(source, externalData, options);
  return withEntry(model, part);
}

async function read(source: ByteSource, externalData: ExternalDataFiles, options: ReadOptions): Promise<Model> {
  count("parses");
  return (await formatOfFile(source)).read(source, externalData, options);
}

/**
 * Writes a model in its own format. What no edit touched is as it was; the file at `path` changes whole or not at all.
 * @throws {EdgewiseError} when it cannot be written, or the file it is made from changed
 */
export async function writeModel(model: Model, path: string, options: WriteOptions = {}): Promise<void> {
  requireData(model);
  if (model.bundle && (await isBundle(path)))
    throw new OptionError(`${path} is a bundle, which would be replaced by one of its models alone`, {
      hint: "Write the model to a file of its own, with the ending .tflite.",
    });
  return formatOf(model).write(model, path, options);
}

async function isBundle(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  const source = await FileSource.open(path);
  try {
    return ((await modelsIn(source)) ?? []).length > 0;
  } finally {
    await source.close();
  }
}

/** A model in memory as the file it would be written to. */
export function modelBytes(model: Model): Promise<Uint8Array> {
  return formatOf(model).bytes(model);
}
