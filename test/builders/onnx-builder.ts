import { bitsOf, type DataType } from "../../profiler/model/data-type.ts";
import { dataTypeCode } from "../../profiler/formats/onnx/data-types.ts";
import { onnx } from "../../profiler/formats/onnx/schema/onnx.ts";
import { encodeRaw, packedBits, toFloat16, toBfloat16 } from "./raw-tensor.ts";

/**
 * Writes ONNX files for tests, from small functions that mirror the messages. Every function returns the plain message, so that a test
 * can spread it and bend a field: `{ ...tensor("w", "float32", [2]), rawData: bytes }`.
 */

export type OnnxGraph = onnx.GraphProto.$Properties;
export type OnnxNode = onnx.NodeProto.$Properties;
export type OnnxTensor = onnx.TensorProto.$Properties;
export type OnnxSparseTensor = onnx.SparseTensorProto.$Properties;
export type OnnxValue = onnx.ValueInfoProto.$Properties;
export type OnnxFunction = onnx.FunctionProto.$Properties;
export type OnnxAttribute = onnx.AttributeProto.$Properties;

/** Whole numbers become INT, others FLOAT; lists alike. Use `float`, `floats` and `reference` where that is not meant. */
export type AttributeValue =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | OnnxTensor
  | OnnxSparseTensor
  | OnnxGraph
  | OnnxAttribute;

/** Versions by domain, or that of the default domain. */
export type Opsets = number | Readonly<Record<string, number>>;

/** A size, the name of a dynamic one, or null for one without a name. */
export type Dims = readonly (number | string | null)[];

export interface ModelOptions {
  readonly graph: OnnxGraph;
  readonly opset?: Opsets;
  readonly irVersion?: number;
  readonly functions?: readonly OnnxFunction[];
  readonly metadata?: Readonly<Record<string, string>>;
  /** Any further field of ModelProto. */
  readonly fields?: onnx.ModelProto.$Properties;
}

export function onnxModel({
  graph,
  opset = 17,
  irVersion = 8,
  functions = [],
  metadata = {},
  fields,
}: ModelOptions): Uint8Array {
  const message: onnx.ModelProto.$Properties = {
    irVersion,
    graph,
    opsetImport: opsetImport(opset),
    functions: [...functions],
    metadataProps: entries(metadata),
    ...fields,
  };
  return onnx.ModelProto.encode(message).finish();
}

export interface GraphOptions {
  readonly name?: string;
  readonly inputs?: readonly OnnxValue[];
  /** Values, or just names of tensors whose type is not declared. */
  readonly outputs?: readonly (OnnxValue | string)[];
  readonly initializers?: readonly OnnxTensor[];
  readonly sparseInitializers?: readonly OnnxSparseTensor[];
  readonly values?: readonly OnnxValue[];
}

export function graph(nodes: readonly OnnxNode[], options: GraphOptions = {}): OnnxGraph {
  const { name = "main", inputs = [], outputs = [], initializers = [], sparseInitializers = [], values = [] } = options;
  return {
    node: [...nodes],
    name,
    input: [...inputs],
    output: outputs.map((output) => (typeof output === "string" ? { name: output } : output)),
    initializer: [...initializers],
    sparseInitializer: [...sparseInitializers],
    valueInfo: [...values],
  };
}

export interface NodeOptions {
  readonly name?: string;
  readonly domain?: string;
  readonly overload?: string;
}

/** An omitted optional input is "". */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  options: NodeOptions = {},
): OnnxNode {
  return {
    opType: op,
    input: [...inputs],
    output: [...outputs],
    attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    ...options,
  };
}

/** A declared tensor; without `dims` its rank is unknown. */
export function value(name: string, dataType: DataType, dims?: Dims): OnnxValue {
  return { name, type: tensorType(dataType, dims) };
}

export function tensorType(dataType: DataType, dims?: Dims): onnx.TypeProto.$Properties {
  const shape = dims === undefined ? {} : { shape: { dim: dims.map(dimension) } };
  return { tensorType: { elemType: dataTypeCode(dataType), ...shape } };
}

/** How a tensor's elements are written: little-endian bytes, or the typed field that ONNX prescribes for the data type. */
export type TensorForm = "raw" | "typed";

/**
 * A tensor; without `values` its elements are 0, 1, 2, …, modulo 2 for bool and the types of less than 8 bits.
 * Elements are as in memory for types that JavaScript knows; float8, float4 and complex parts take bit patterns in the raw form.
 */
export function tensor(
  name: string,
  dataType: DataType,
  dims: readonly number[],
  values?: readonly number[] | readonly string[],
  form: TensorForm = "raw",
): OnnxTensor {
  const elements = values ?? counting(dataType, dims);
  const head = { name, dataType: dataTypeCode(dataType), dims: [...dims] };
  if (dataType === "string") return { ...head, stringData: elements.map((text) => Buffer.from(String(text))) };
  const numbers = elements.map(Number);
  return { ...head, ...(form === "raw" ? { rawData: encodeRaw(dataType, numbers) } : typedField(dataType, numbers)) };
}

export interface ExternalRange {
  readonly location: string;
  readonly offset?: number;
  readonly length?: number;
}

/** A tensor whose bytes stand in a file beside the model. */
export function externalTensor(
  name: string,
  dataType: DataType,
  dims: readonly number[],
  { location, offset, length }: ExternalRange,
): OnnxTensor {
  const range = { location, ...(offset === undefined ? {} : { offset }), ...(length === undefined ? {} : { length }) };
  return {
    name,
    dataType: dataTypeCode(dataType),
    dims: [...dims],
    dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
    externalData: Object.entries(range).map(([key, text]) => ({ key, value: String(text) })),
  };
}

/** A COO tensor: `indices` are positions in the flattened tensor. */
export function sparseTensor(
  name: string,
  dataType: DataType,
  dims: readonly number[],
  indices: readonly number[],
  values: readonly number[],
): OnnxSparseTensor {
  return {
    dims: [...dims],
    values: tensor(name, dataType, [values.length], values),
    indices: tensor("", "int64", [indices.length], indices),
  };
}

export interface FunctionOptions {
  readonly name: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  /** Names of attributes that a call must give. */
  readonly attributes?: readonly string[];
  /** Attributes that a call may leave out. */
  readonly defaults?: Readonly<Record<string, AttributeValue>>;
  readonly opset?: Opsets;
}

export function onnxFunction(nodes: readonly OnnxNode[], options: FunctionOptions): OnnxFunction {
  const { name, domain = "local", overload = "", inputs = [], outputs = [], attributes = [], defaults = {} } = options;
  return {
    name,
    domain,
    overload,
    node: [...nodes],
    input: [...inputs],
    output: [...outputs],
    attribute: [...attributes],
    attributeProto: Object.entries(defaults).map(([key, value]) => attribute(key, value)),
    opsetImport: opsetImport(options.opset ?? 17),
  };
}

export function float(f: number): OnnxAttribute {
  return { type: onnx.AttributeProto.AttributeType.FLOAT, f };
}

export function floats(values: readonly number[]): OnnxAttribute {
  return { type: onnx.AttributeProto.AttributeType.FLOATS, floats: [...values] };
}

/** In a function's body: the value of the attribute that its call gives. */
export function reference(refAttrName: string, type: keyof typeof onnx.AttributeProto.AttributeType): OnnxAttribute {
  return { type: onnx.AttributeProto.AttributeType[type], refAttrName };
}

export function attribute(name: string, value: AttributeValue): OnnxAttribute {
  const types = onnx.AttributeProto.AttributeType;
  if (typeof value === "number")
    return Number.isInteger(value) ? { name, type: types.INT, i: value } : { ...float(value), name };
  if (typeof value === "string") return { name, type: types.STRING, s: Buffer.from(value) };
  if (isTexts(value)) return { name, type: types.STRINGS, strings: value.map((text) => Buffer.from(text)) };
  if (isNumbers(value)) {
    return value.every(Number.isInteger) ? { name, type: types.INTS, ints: [...value] } : { ...floats(value), name };
  }
  if ("type" in value) return { ...value, name };
  if ("node" in value) return { name, type: types.GRAPH, g: value };
  if ("indices" in value) return { name, type: types.SPARSE_TENSOR, sparseTensor: value };
  return { name, type: types.TENSOR, t: value };
}

function isTexts(value: AttributeValue): value is readonly string[] {
  return Array.isArray(value) && typeof value[0] === "string";
}

function isNumbers(value: AttributeValue): value is readonly number[] {
  return Array.isArray(value);
}

function dimension(size: number | string | null): onnx.TensorShapeProto.Dimension.$Properties {
  if (size === null) return {};
  return typeof size === "number" ? { dimValue: size } : { dimParam: size };
}

function opsetImport(opset: Opsets): onnx.OperatorSetIdProto.$Properties[] {
  const versions = typeof opset === "number" ? { "": opset } : opset;
  return Object.entries(versions).map(([domain, version]) => ({ domain, version }));
}

function entries(record: Readonly<Record<string, string>>): onnx.StringStringEntryProto.$Properties[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

function counting(dataType: DataType, dims: readonly number[]): readonly number[] {
  const cycle = dataType === "bool" ? 2 : (bitsOf(dataType) ?? 8) < 8 ? 2 : Infinity;
  const elements = dims.reduce((product, size) => product * size, 1);
  return Array.from({ length: elements }, (_, index) => (cycle === Infinity ? index : index % cycle));
}

/** Elements in the typed field that onnx.proto prescribes for the data type. */
function typedField(dataType: DataType, values: readonly number[]): OnnxTensor {
  switch (dataType) {
    case "float32":
    case "complex64":
      return { floatData: [...values] };
    case "float64":
    case "complex128":
      return { doubleData: [...values] };
    case "int64":
      return { int64Data: [...values] };
    case "uint64":
    case "uint32":
      return { uint64Data: [...values] };
    case "float16":
      return { int32Data: values.map(toFloat16) };
    case "bfloat16":
      return { int32Data: values.map(toBfloat16) };
    default: {
      const bits = bitsOf(dataType) ?? 32;
      return { int32Data: bits < 8 ? [...packedBits(values, bits)] : [...values] };
    }
  }
}
