import { dirname, join } from "node:path";

import protobuf from "protobufjs/minimal.js";

import { onnx } from "../../profiler/formats/onnx/schema/onnx.ts";
import { node, tensor, value, type OnnxNode, type OnnxTensor } from "../builders/onnx-builder.ts";
import { elements, runStep, type Network, type Value } from "./network.ts";
import { ONNX_STEPS, type OnnxContext } from "./onnx-steps.ts";
import { totalLength, writeSegments, type Fill, type FileSegment } from "./file-segments.ts";
import { weightSegment, type StoredWeight } from "./weights.ts";

/**
 * Where the weights are. "embedded": raw bytes in the model. "external": in a file beside it. "folded": each made by a ConstantOfShape
 * from its shape, so that the model stays tiny (as the light models of the ONNX project do); small ones are embedded.
 */
export type OnnxWeights = "embedded" | "external" | "folded";

export interface OnnxOptions {
  readonly weights?: OnnxWeights;
  /** Names the batch (and sequence) dimension instead of fixing it. Default false. */
  readonly isDynamic?: boolean;
}

export interface OnnxFile {
  readonly model: readonly FileSegment[];
  /** Name of the file of external weights, beside the model, and its content. */
  readonly data?: { readonly name: string; readonly segments: readonly FileSegment[] };
}

/** Gelu is an operator of its own from 20 on. */
const OPSET = 20;
const IR_VERSION = 9;

/** Weights of fewer elements stay in the model even when the others are folded: biases, scales, slopes. */
const FOLDED_FROM = 256;

/** The network as an ONNX model, with the names that an exporter would give: `/layer1/block2/conv1/Conv`. */
export function toOnnx(network: Network, options: OnnxOptions = {}): OnnxFile {
  const { weights: mode = "embedded", isDynamic = false } = options;
  const nodes: OnnxNode[] = [];
  const weights: StoredWeight[] = [];
  const constants: OnnxTensor[] = [];
  const names = outputNames(network);
  const context: OnnxContext = {
    nameOf: (value) => names.get(value) ?? value.name,
    weight: (weight) => {
      weights.push(weight);
      return weight.weight.name;
    },
    indices: (name, values) => {
      constants.push(tensor(name, "int64", [values.length], values));
      return name;
    },
    node: (name, op, inputs, output, attributes = {}) => {
      nodes.push(node(op, inputs, typeof output === "string" ? [output] : [...output], attributes, { name }));
    },
  };
  for (const step of network.steps) runStep(ONNX_STEPS, step, context);

  const folded = weights.filter(({ weight }) => mode === "folded" && elements(weight.shape) >= FOLDED_FROM);
  const kept = weights.filter((weight) => !folded.includes(weight));
  const data = { name: `${network.name}.onnx.data`, segments: kept.map(weightSegment) };
  const head: onnx.ModelProto.$Properties = {
    irVersion: IR_VERSION,
    producerName: "edgewise-zoo",
    opsetImport: [{ domain: "", version: OPSET }],
  };
  const graph: onnx.GraphProto.$Properties = {
    name: network.name,
    node: [...folded.map(madeOnes), ...nodes],
    initializer: [...constants, ...folded.map(shapeTensor)],
    input: network.inputs.map(({ value: input, dimensions }) =>
      declared(
        input.name,
        input,
        input.shape.map((size, axis) => (isDynamic ? (dimensions[axis] ?? size) : size)),
      ),
    ),
    output: network.outputs.map((output) =>
      declared(context.nameOf(output), output, isDynamic ? undefined : output.shape),
    ),
  };
  const initializers = mode === "external" ? externalTensors(kept, data.name) : kept.map(embeddedTensor);
  const body: FileSegment[] = [onnx.GraphProto.encode(graph).finish(), ...initializers.flat()];
  const model = [onnx.ModelProto.encode(head).finish(), prefix(GRAPH_FIELD, totalLength(body)), ...body];
  return mode === "external" ? { model, data } : { model };
}

/** Writes the model, and the file of its external weights beside it. Weights of any size: they are never in memory whole. */
export async function writeOnnxFile(
  network: Network,
  path: string,
  { fill, ...options }: OnnxOptions & { readonly fill?: Fill } = {},
): Promise<void> {
  const { model, data } = toOnnx(network, options);
  await writeSegments(model, path, fill);
  if (data !== undefined) await writeSegments(data.segments, join(dirname(path), data.name), fill);
}

/** The graph's outputs are called "output": nobody wants to read an exporter's name there. */
function outputNames({ outputs }: Network): ReadonlyMap<Value, string> {
  return new Map(outputs.map((output, index) => [output, outputs.length === 1 ? "output" : `output${index}`]));
}

function declared(
  name: string,
  { type }: Value,
  dims: readonly (number | string)[] | undefined,
): onnx.ValueInfoProto.$Properties {
  return value(name, type === "float" ? "float32" : "int64", dims);
}

function tensorHead({ weight, shape }: StoredWeight): OnnxTensor {
  return { name: weight.name, dataType: onnx.TensorProto.DataType.FLOAT, dims: [...shape] };
}

function shapeTensor({ weight, shape }: StoredWeight): OnnxTensor {
  return tensor(`${weight.name}/shape`, "int64", [shape.length], shape);
}

/** All elements of a made weight are alike: small enough that a deep network stays finite. */
function madeOnes({ weight }: StoredWeight): OnnxNode {
  const element = weight.center === 0 ? weight.spread / 8 : weight.center;
  return node("ConstantOfShape", [`${weight.name}/shape`], [weight.name], {
    value: tensor("", "float32", [1], [element]),
  });
}

const GRAPH_FIELD = 7;
const INITIALIZER_FIELD = 5;
const RAW_DATA_FIELD = 9;
const LENGTH_DELIMITED = 2;

/** An initializer whose raw bytes are a segment of their own, so that they need not be made to know how long the file is. */
function embeddedTensor(weight: StoredWeight): readonly FileSegment[] {
  const raw = weightSegment(weight);
  const tensorSegments = [
    onnx.TensorProto.encode(tensorHead(weight)).finish(),
    prefix(RAW_DATA_FIELD, raw.length),
    raw,
  ];
  return [prefix(INITIALIZER_FIELD, totalLength(tensorSegments)), ...tensorSegments];
}

function externalTensors(weights: readonly StoredWeight[], location: string): readonly (readonly FileSegment[])[] {
  let offset = 0;
  return weights.map((weight) => {
    const { length } = weightSegment(weight);
    const place = { location, offset, length };
    offset += length;
    const message = onnx.TensorProto.encode({
      ...tensorHead(weight),
      dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
      externalData: Object.entries(place).map(([key, entry]) => ({ key, value: String(entry) })),
    }).finish();
    return [prefix(INITIALIZER_FIELD, message.length), message];
  });
}

/** Tag and length of a length-delimited protobuf field. */
function prefix(field: number, length: number): Uint8Array {
  return protobuf.Writer.create()
    .uint32((field << 3) | LENGTH_DELIMITED)
    .uint32(length)
    .finish();
}
