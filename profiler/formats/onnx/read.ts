import type { ByteSource, ExternalDataFiles } from "../../bytes/byte-source.ts";
import { FileChangedError, ModelFormatError } from "../../errors.ts";
import type { Model } from "../../model/model.ts";
import { attributeGraphs, attributeTensors, type AttributeProto } from "./attributes.ts";
import { DataFiles, isExternal } from "./external-data.ts";
import { FunctionTable, type FunctionProto } from "./functions.ts";
import { UnfoldingBudget } from "../unfolding-budget.ts";
import { GraphReader, type GraphMessages } from "./graphs.ts";
import { looksLike } from "./looks-like.ts";
import { NEWEST_OPSET, readOpsets } from "./opsets.ts";
import { readProperties } from "./properties.ts";
import { onnx } from "./schema/onnx.ts";
import { readSmallValues } from "./small-values.ts";
import { TensorReader } from "./tensors.ts";
import { decodeMessage, messagesOf } from "./wire/messages.ts";
import { scanModel, type Scan } from "./wire/scan.ts";

type ModelProto = onnx.ModelProto.$Properties;
type NodeProto = onnx.NodeProto.$Properties;
type TensorProto = onnx.TensorProto.$Properties;

/** The newest that schema/onnx.proto knows. What a later one adds is left out, so it is said. */
const NEWEST_IR_VERSION: number = onnx.Version.IR_VERSION;
/** Since then a model must say which operator sets it uses; before, it used the first. */
const FIRST_IR_VERSION_WITH_OPSETS = 3;

export interface ReadOptions {
  /** Data files that are missing or too short are noted in the model, and reading a weight of theirs is what fails. */
  readonly allowsMissingData?: boolean;
}

/**
 * Reads an ONNX model: its graph, and of its weights only where they are.
 *
 * @param externalData opens the data files beside the model
 * @throws {ModelFormatError} when it is no ONNX model, or not a whole and consistent one
 * @throws {ExternalDataError} when a data file is missing, too short, or outside the model's folder
 * @throws {LimitError} when it passes one of the named limits
 * @throws {FileChangedError} when the file changed meanwhile
 */
export async function readOnnx(
  source: ByteSource,
  externalData: ExternalDataFiles,
  { allowsMissingData = false }: ReadOptions = {},
): Promise<Model> {
  const { proto, graph: mainGraph, hasDataLocations } = await readProto(source);
  const external = (hasDataLocations ? [...(mainGraph.initializer ?? [])] : []).filter(isExternal);
  const elsewhere = hasDataLocations ? externalElsewhere(mainGraph, proto.functions ?? []) : [];
  const dataFiles = await DataFiles.open([...external, ...elsewhere], externalData, source.name, allowsMissingData);
  const tensors = new TensorReader(source, dataFiles);
  const opsets = opsetsOf(proto, source.name);
  const warnings = new Set(modelWarnings(proto, opsets));
  const budget = new UnfoldingBudget(source.name, source.size);
  const functions = new FunctionTable(proto.functions ?? [], source.name, budget);
  const reader = new GraphReader({ file: source.name, tensors, functions, budget, warnings });
  const graph = reader.read(mainGraph, { opsets, bindings: undefined, calls: [], around: 0 });
  await readSmallValues(tensors.pending);
  return {
    format: "onnx",
    file: source.name,
    fileBytes: source.size + dataFiles.bytes,
    entries: [{ name: graph.name === "" ? "main" : graph.name, graph }],
    opsets,
    properties: readProperties(proto, opsets),
    warnings: [...warnings],
    source,
    ...(dataFiles.files.size > 0 && { dataFiles: dataFiles.files }),
    ...(elsewhere.length > 0 && { fixedData: dataFiles.of(elsewhere) }),
    ...(dataFiles.missing.length > 0 && { missingData: dataFiles.missing }),
  };
}

/** A model's messages: its main graph's nodes and initializers are decoded while one walks over them. */
interface ModelMessages {
  readonly proto: ModelProto;
  readonly graph: GraphMessages;
  /** See `Scan`. */
  readonly hasDataLocations: boolean;
}

async function readProto(source: ByteSource): Promise<ModelMessages> {
  if (source.size === 0) {
    throw new ModelFormatError(source.name, "the file", "expected an ONNX model, but it is empty", {
      hint: "Download or export it again.",
    });
  }
  try {
    const scan = await scanModel(source);
    const proto = decodeMessage(source.name, scan.model, (bytes) => onnx.ModelProto.decode(bytes));
    checkModel(proto, source.name);
    return { proto, graph: mainGraphOf(proto, scan, source.name), hasDataLocations: scan.hasDataLocations };
  } catch (error) {
    if (error instanceof FileChangedError) throw error;
    const likeness = await looksLike(source);
    if (likeness === undefined) throw error;
    throw new ModelFormatError(source.name, "the file", `expected an ONNX model, but it looks like ${likeness.what}`, {
      hint: likeness.hint,
      cause: error,
    });
  }
}

function mainGraphOf({ graph }: ModelProto, { nodes, initializers }: Scan, file: string): GraphMessages {
  return {
    ...graph,
    node: messagesOf(file, nodes, (reader, length) => onnx.NodeProto.decode(reader, length)),
    initializer: messagesOf(file, initializers, (reader, length) => onnx.TensorProto.decode(reader, length)),
  };
}

function checkModel({ irVersion, graph }: ModelProto, file: string): void {
  if (!irVersion || irVersion < 0) {
    throw new ModelFormatError(file, "the file", "expected an ONNX model, which says its IR version", {
      hint: "It may be a single tensor, or a model of another framework in protobuf's format.",
    });
  }
  if (!graph) {
    throw new ModelFormatError(file, "the model", "expected a graph, but it has none", {
      hint: "The file may not be complete: download or export it again.",
    });
  }
}

function opsetsOf({ irVersion, opsetImport }: ModelProto, file: string): ReadonlyMap<string, number> {
  const opsets = readOpsets(opsetImport ?? []);
  if (opsets.size > 0) return opsets;
  if ((irVersion ?? 0) < FIRST_IR_VERSION_WITH_OPSETS) return new Map([["", 1]]);
  throw new ModelFormatError(
    file,
    "the model",
    "expected the versions of its operator sets (opset_import), but it has none",
    { hint: "The file may not be complete: download or export it again." },
  );
}

function modelWarnings(
  { irVersion, trainingInfo }: ModelProto,
  opsets: ReadonlyMap<string, number>,
): readonly string[] {
  const version = irVersion ?? 0;
  const opset = opsets.get("") ?? 0;
  const newer = `The model has IR version ${version}, newer than ${NEWEST_IR_VERSION}: what that version adds is not shown.`;
  const training = "The model holds training graphs (training_info), which are not profiled.";
  const newerOpset = `The model uses operator set ${opset}, newer than ${NEWEST_OPSET}: operators that changed since are read as they were.`;
  return [
    ...(version > NEWEST_IR_VERSION ? [newer] : []),
    ...(opset > NEWEST_OPSET ? [newerOpset] : []),
    ...(trainingInfo?.length ? [training] : []),
  ];
}

/** Tensors whose elements stand in another file, but for the graph's own dense initializers: those of attributes, bodies and functions. */
function externalElsewhere(graph: GraphMessages, functions: readonly FunctionProto[]): readonly TensorProto[] {
  const found: TensorProto[] = [];
  const visit: Visit = (tensor) => {
    if (isExternal(tensor)) found.push(tensor);
  };
  visitGraph({ ...graph, initializer: [] }, visit);
  for (const each of functions) {
    visitNodes(each.node ?? [], visit);
    visitAttributes(each.attributeProto ?? [], visit);
  }
  return found;
}

type Visit = (tensor: TensorProto) => void;

function visitGraph({ initializer, sparseInitializer, node }: GraphMessages, visit: Visit): void {
  for (const tensor of initializer ?? []) visit(tensor);
  for (const { values, indices } of sparseInitializer ?? []) {
    if (values) visit(values);
    if (indices) visit(indices);
  }
  visitNodes(node ?? [], visit);
}

function visitNodes(nodes: Iterable<NodeProto>, visit: Visit): void {
  for (const { attribute } of nodes) if (attribute) visitAttributes(attribute, visit);
}

function visitAttributes(attributes: readonly AttributeProto[], visit: Visit): void {
  for (const attribute of attributes) {
    for (const tensor of attributeTensors(attribute)) visit(tensor);
    for (const graph of attributeGraphs(attribute)) visitGraph(graph, visit);
  }
}
