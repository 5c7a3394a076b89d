import {
  float,
  graph,
  node,
  onnxModel,
  tensor,
  value,
  type AttributeValue,
  type OnnxNode,
  type OnnxTensor,
} from "../../../builders/onnx-builder.ts";
import type { DataType } from "../../../../profiler/model/data-type.ts";

/** Small graphs of one operator between DequantizeLinear and QuantizeLinear, put together in every way that matters to a runtime. */
export interface QdqCase {
  readonly title: string;
  readonly bytes: Uint8Array;
}

type Activation = "uint8" | "int8" | "uint16";

interface Options {
  readonly op: string;
  readonly title?: string;
  /** Quantized inputs, by their shapes. */
  readonly inputs?: readonly (readonly number[])[];
  /** Further inputs, by name, as they are. */
  readonly rest?: readonly string[];
  readonly initializers?: readonly OnnxTensor[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly weight?: { readonly shape: readonly number[]; readonly type: DataType; readonly axis?: number };
  readonly bias?: "int32" | "float32";
  readonly type?: Activation;
  readonly outputType?: Activation;
  /** Of the first input and of the output. */
  readonly scales?: readonly [number, number];
  readonly clip?: OnnxNode;
  /** An operator between the DequantizeLinear and the one that is looked at. */
  readonly before?: OnnxNode;
  /** An operator behind all that. */
  readonly last?: string;
  readonly hasQuantized?: boolean;
  readonly opset?: number;
  readonly outputs?: number;
  /** Something else reads what the operator makes. */
  readonly isReadTwice?: boolean;
  /** Something else reads the dequantized input. */
  readonly isInputReadTwice?: boolean;
  readonly zeroPoint?: number;
  readonly outputZeroPoint?: number;
}

export function qdqCase(options: Options): QdqCase {
  const { op, inputs = [[1, 8, 6, 6]], type = "uint8", outputType = type, opset = 17, outputs = 1 } = options;
  const { scales = [0.1, 0.1], zeroPoint = 0, outputZeroPoint = zeroPoint } = options;
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [...(options.initializers ?? [])];
  const quantizer = (name: string, scale: number, of: DataType, point: number): readonly string[] => {
    initializers.push(tensor(`${name}.s`, "float32", [], [scale]), tensor(`${name}.z`, of, [], [point]));
    return [`${name}.s`, `${name}.z`];
  };
  const names = inputs.map((_, index) => {
    const [scale, zero] = quantizer(`x${index}`, index === 0 ? scales[0] : 0.07, type, zeroPoint);
    nodes.push(node("QuantizeLinear", [`x${index}`, scale ?? "", zero ?? ""], [`i${index}`]));
    nodes.push(node("DequantizeLinear", [`i${index}`, scale ?? "", zero ?? ""], [`f${index}`]));
    if (index > 0 || options.before === undefined) return `f${index}`;
    nodes.push({ ...options.before, input: ["f0", ...(options.before.input ?? []).slice(1)], output: ["moved"] });
    return "moved";
  });
  if (options.weight) names.push(...weightOf(options.weight, nodes, initializers));
  if (options.bias) names.push(...biasOf(options.bias, options.weight?.shape[0] ?? 1, nodes, initializers));
  names.push(...(options.rest ?? []));
  const made = Array.from({ length: outputs }, (_, index) => `y${index}`);
  nodes.push(node(op, names, made, options.attributes, { name: "target" }));
  const results: string[] = [];
  made.forEach((name, index) => {
    let last = name;
    if (options.clip && index === 0) {
      nodes.push({ ...options.clip, input: [name, ...(options.clip.input ?? []).slice(1)], output: ["clipped"] });
      last = "clipped";
    }
    if (options.last !== undefined) {
      const attributes: Readonly<Record<string, AttributeValue>> =
        options.last === "MaxPool" ? { kernel_shape: [2, 2] } : {};
      nodes.push(node(options.last, [last], ["last"], attributes));
      last = "last";
    }
    if (options.hasQuantized === false) return results.push(last);
    const [scale, zero] = quantizer(`q${index}`, scales[1], outputType, outputZeroPoint);
    nodes.push(node("QuantizeLinear", [last, scale ?? "", zero ?? ""], [`q${index}`]));
    nodes.push(node("DequantizeLinear", [`q${index}`, scale ?? "", zero ?? ""], [`d${index}`]));
    return results.push(`d${index}`);
  });
  if (options.isReadTwice) {
    nodes.push(node("Abs", ["y0"], ["also"]));
    results.push("also");
  }
  if (options.isInputReadTwice) {
    nodes.push(node("Abs", ["f0"], ["other"]));
    results.push("other");
  }
  const bytes = onnxModel({
    graph: graph(nodes, {
      inputs: inputs.map((shape, index) => value(`x${index}`, "float32", shape)),
      outputs: results,
      initializers,
    }),
    opset,
    irVersion: irVersionOf(opset),
  });
  const parts = [
    options.title ?? "",
    op,
    type,
    options.weight?.type ?? "",
    options.bias ?? "",
    options.clip?.opType ?? "",
    options.before?.opType ?? "",
    options.last ?? "",
  ];
  const more = [
    ...(options.hasQuantized === false ? ["nothing quantized behind"] : []),
    ...(options.isReadTwice ? ["read twice"] : []),
    ...(options.isInputReadTwice ? ["input read twice"] : []),
    ...(opset === 17 ? [] : [`opset ${opset}`]),
  ];
  return { title: [...parts, ...more].filter((part) => part !== "").join(", "), bytes };
}

function weightOf(
  { shape, type, axis }: NonNullable<Options["weight"]>,
  nodes: OnnxNode[],
  initializers: OnnxTensor[],
): readonly string[] {
  const elements = shape.reduce((a, b) => a * b, 1);
  const values = Array.from({ length: elements }, (_, index) => index % (type === "int4" ? 7 : 100));
  if (type === "float32") {
    initializers.push(tensor("w", type, shape, values));
    return ["w"];
  }
  const channels = axis === undefined ? 1 : (shape[axis] ?? 1);
  const dims = axis === undefined ? [] : [channels];
  initializers.push(
    tensor("w", type, shape, values),
    tensor(
      "w.s",
      "float32",
      dims,
      Array.from({ length: channels }, () => 0.02),
    ),
    tensor(
      "w.z",
      type,
      dims,
      Array.from({ length: channels }, () => 0),
    ),
  );
  nodes.push(node("DequantizeLinear", ["w", "w.s", "w.z"], ["wf"], axis === undefined ? {} : { axis }));
  return ["wf"];
}

function biasOf(
  type: "int32" | "float32",
  channels: number,
  nodes: OnnxNode[],
  initializers: OnnxTensor[],
): readonly string[] {
  const values = Array.from({ length: channels }, (_, index) => index);
  initializers.push(tensor("b", type, [channels], values));
  if (type === "float32") return ["b"];
  initializers.push(tensor("b.s", "float32", [], [0.002]), tensor("b.z", "int32", [], [0]));
  nodes.push(node("DequantizeLinear", ["b", "b.s", "b.z"], ["bf"]));
  return ["bf"];
}

const int64 = (name: string, values: readonly number[]): OnnxTensor => tensor(name, "int64", [values.length], values);
const CONV = { op: "Conv", attributes: { pads: [1, 1, 1, 1] }, weight: { shape: [8, 8, 3, 3], type: "int8" } } as const;
const TRANSPOSED = { op: "ConvTranspose", weight: { shape: [8, 8, 3, 3], type: "int8" } } as const;
const GEMM = {
  op: "Gemm",
  inputs: [[2, 16]],
  attributes: { transB: 1 },
  weight: { shape: [8, 16], type: "int8" },
} as const;
const MATMUL = { op: "MatMul", inputs: [[2, 16]], weight: { shape: [16, 8], type: "int8" } } as const;
const PAIR = [
  [1, 8, 6, 6],
  [1, 8, 6, 6],
] as const;
const relu = node("Relu", ["y0"], ["clipped"]);
const clip = (low: number, high: number): readonly OnnxTensor[] => [
  tensor("low", "float32", [], [low]),
  tensor("high", "float32", [], [high]),
];
const clipNode = node("Clip", ["y0", "low", "high"], ["clipped"]);

export const QDQ_CASES: readonly QdqCase[] = [
  ...(["int8", "uint8"] as const).map((type) => qdqCase({ ...CONV, type, bias: "int32" })),
  qdqCase({ ...CONV, type: "uint16", opset: 21 }),
  qdqCase({ ...CONV, weight: { shape: [8, 8, 3, 3], type: "uint8" } }),
  qdqCase({ ...CONV, weight: { shape: [8, 8, 3, 3], type: "int8", axis: 0 }, title: "per channel" }),
  qdqCase({ ...CONV, bias: "float32" }),
  qdqCase({ ...CONV, weight: { shape: [8, 8, 3, 3], type: "float32" }, bias: "float32" }),
  qdqCase({ ...CONV, weight: { shape: [8, 8, 3, 3], type: "float32" } }),
  qdqCase({ ...CONV, hasQuantized: false, bias: "int32" }),
  qdqCase({ ...CONV, isReadTwice: true }),
  qdqCase({ ...CONV, isInputReadTwice: true }),
  qdqCase({ ...CONV, clip: relu }),
  qdqCase({ ...CONV, clip: relu, outputZeroPoint: 20, title: "not redundant" }),
  qdqCase({ ...CONV, clip: clipNode, initializers: clip(0, 6), scales: [0.1, 6 / 255] }),
  qdqCase({ ...CONV, clip: clipNode, initializers: clip(0, 6), scales: [0.1, 0.1], title: "not redundant" }),
  qdqCase({ ...CONV, opset: 21 }),
  qdqCase({ ...TRANSPOSED }),
  qdqCase({ ...GEMM, bias: "int32" }),
  qdqCase({ ...GEMM }),
  qdqCase({ ...GEMM, bias: "float32" }),
  qdqCase({ ...GEMM, bias: "int32", hasQuantized: false }),
  qdqCase({ ...GEMM, hasQuantized: false }),
  qdqCase({ ...GEMM, bias: "float32", hasQuantized: false }),
  qdqCase({ ...GEMM, bias: "int32", hasQuantized: false, clip: relu }),
  qdqCase({ ...GEMM, bias: "int32", hasQuantized: false, clip: relu, last: "Abs" }),
  qdqCase({ ...MATMUL, hasQuantized: false, clip: relu, last: "Abs" }),
  qdqCase({ ...CONV, last: "MaxPool", attributes: { pads: [1, 1, 1, 1] } }),
  ...[17, 22].map((opset) => qdqCase({ ...CONV, opset, before: node("MaxPool", [""], [], { kernel_shape: [2, 2] }) })),
  ...[17, 21, 23, 24, 25].map((opset) =>
    qdqCase({ ...GEMM, opset, before: node("Reshape", ["", "s"], []), initializers: [int64("s", [2, 16])] }),
  ),
  ...[17, 21, 23, 24, 25].map((opset) =>
    qdqCase({ ...CONV, opset, before: node("Transpose", [""], [], { perm: [0, 1, 3, 2] }) }),
  ),
  qdqCase({ ...GEMM, before: node("Flatten", [""], []) }),
  qdqCase({ ...CONV, before: node("Relu", [""], []) }),
  qdqCase({ ...CONV, before: node("MaxPool", [""], [], { kernel_shape: [2, 2] }), isInputReadTwice: true }),
  qdqCase({ ...GEMM, weight: { shape: [8, 16], type: "float32" }, bias: "float32" }),
  qdqCase({ ...GEMM, type: "int8", bias: "int32" }),
  qdqCase({ ...MATMUL }),
  qdqCase({ ...MATMUL, hasQuantized: false }),
  qdqCase({ ...MATMUL, type: "int8" }),
  qdqCase({ ...MATMUL, weight: { shape: [16, 8], type: "float32" } }),
  qdqCase({
    op: "MatMul",
    inputs: [
      [4, 16],
      [16, 4],
    ],
    title: "of activations",
  }),
  ...["Add", "Mul", "Sub", "Div"].map((op) => qdqCase({ op, inputs: PAIR })),
  qdqCase({ op: "Add", inputs: PAIR, type: "uint16", opset: 21 }),
  qdqCase({ op: "Transpose", attributes: { perm: [0, 2, 3, 1] }, type: "uint16", opset: 21 }),
  qdqCase({ op: "DepthToSpace", attributes: { blocksize: 2 }, type: "uint16", opset: 21 }),
  qdqCase({ op: "SpaceToDepth", attributes: { blocksize: 2 } }),
  qdqCase({ op: "GatherElements", rest: ["at"], initializers: [tensor("at", "int64", [1, 1, 1, 1], [0])] }),
  qdqCase({ op: "Add", inputs: PAIR, clip: relu }),
  qdqCase({
    op: "Mul",
    inputs: [[1, 8, 6, 6]],
    rest: ["c"],
    initializers: [tensor("c", "float32", [], [2])],
    title: "float constant",
  }),
  qdqCase({ op: "Concat", inputs: PAIR, attributes: { axis: 1 } }),
  ...["Sigmoid", "LeakyRelu", "Softmax", "GlobalAveragePool", "Tanh", "HardSigmoid", "Relu", "Elu"].map((op) =>
    qdqCase({ op }),
  ),
  qdqCase({ op: "AveragePool", attributes: { kernel_shape: [2, 2] } }),
  qdqCase({ op: "MaxPool", attributes: { kernel_shape: [2, 2] } }),
  qdqCase({ op: "MaxPool", attributes: { kernel_shape: [2, 2] }, scales: [0.1, 0.2], title: "other scale" }),
  qdqCase({ op: "MaxPool", attributes: { kernel_shape: [2, 2] }, opset: 11 }),
  qdqCase({ op: "MaxPool", attributes: { kernel_shape: [2, 2] }, type: "int8" }),
  qdqCase({ op: "Reshape", rest: ["shape"], initializers: [int64("shape", [1, -1])] }),
  qdqCase({ op: "Flatten" }),
  qdqCase({ op: "Transpose", attributes: { perm: [0, 2, 3, 1] } }),
  qdqCase({ op: "Squeeze", rest: ["axes"], initializers: [int64("axes", [0])] }),
  qdqCase({ op: "Unsqueeze", rest: ["axes"], initializers: [int64("axes", [0])] }),
  qdqCase({ op: "Slice", rest: ["from", "to"], initializers: [int64("from", [0]), int64("to", [1])] }),
  qdqCase({ op: "Expand", rest: ["shape"], initializers: [int64("shape", [2, 8, 6, 6])] }),
  qdqCase({ op: "Tile", rest: ["times"], initializers: [int64("times", [1, 1, 2, 2])] }),
  qdqCase({ op: "Gather", rest: ["at"], initializers: [int64("at", [0])] }),
  qdqCase({ op: "ReduceMax" }),
  qdqCase({ op: "Relu", scales: [0.1, 0.2], title: "to another scale" }),
  qdqCase({ op: "Relu", zeroPoint: 128, title: "that does something" }),
  qdqCase({ op: "Clip", rest: ["low", "high"], initializers: clip(-1, 30) }),
  qdqCase({ op: "ReduceMean" }),
  qdqCase({
    op: "Resize",
    rest: ["", "sizes"],
    initializers: [tensor("sizes", "float32", [4], [1, 1, 2, 2])],
    attributes: { mode: "nearest" },
  }),
  qdqCase({ op: "Split", outputs: 2, attributes: { axis: 1 } }),
  qdqCase({ op: "Pad", rest: ["pads"], initializers: [int64("pads", [0, 0, 1, 1, 0, 0, 1, 1])] }),
  qdqCase({ op: "ArgMax", hasQuantized: false, attributes: { axis: 1 } }),
  qdqCase({ op: "DepthToSpace", attributes: { blocksize: 2 } }),
  qdqCase({ op: "Clip", rest: ["low", "high"], initializers: clip(0, 6) }),
  qdqCase({ op: "InstanceNormalization", rest: ["g", "g"], initializers: [tensor("g", "float32", [8])] }),
  ...weightOnly(),
];

/** Weights alone are quantized. */
function weightOnly(): readonly QdqCase[] {
  const only = (
    title: string,
    op: string,
    weight: NonNullable<Options["weight"]>,
    more: Partial<Options> = {},
  ): QdqCase => {
    const nodes: OnnxNode[] = [];
    const initializers: OnnxTensor[] = [...(more.initializers ?? [])];
    const x = op === "Conv" ? [1, 8, 6, 6] : [2, 16];
    const names = ["x", ...weightOf(weight, nodes, initializers), ...(more.rest ?? [])];
    nodes.push(node(op, names, ["y0"], more.attributes, { name: "target" }));
    if (more.clip) nodes.push(more.clip);
    return {
      title: `weights alone, ${title}`,
      bytes: onnxModel({
        graph: graph(nodes, {
          inputs: [value("x", "float32", x)],
          outputs: [more.clip ? "clipped" : "y0"],
          initializers,
        }),
        opset: 21,
        irVersion: 10,
      }),
    };
  };
  const bias = { rest: ["b"], initializers: [tensor("b", "float32", [32])] };
  return [
    only("Conv", "Conv", { shape: [8, 8, 3, 3], type: "int8", axis: 0 }),
    only("MatMul int8 a channel", "MatMul", { shape: [16, 32], type: "int8", axis: 1 }),
    only("MatMul int8", "MatMul", { shape: [16, 32], type: "int8" }),
    only("MatMul int4", "MatMul", { shape: [16, 32], type: "int4", axis: 1 }),
    only("MatMul along the sum", "MatMul", { shape: [16, 32], type: "int8", axis: 0 }),
    only("MatMul and Relu", "MatMul", { shape: [16, 32], type: "int8" }, { clip: relu }),
    only("Gemm", "Gemm", { shape: [16, 32], type: "int8", axis: 1 }, bias),
    only("Gemm transposed", "Gemm", { shape: [32, 16], type: "int8", axis: 0 }, { ...bias, attributes: { transB: 1 } }),
    only(
      "Gemm scaled",
      "Gemm",
      { shape: [16, 32], type: "int8", axis: 1 },
      { ...bias, attributes: { alpha: float(2) } },
    ),
    only("MatMul in 16 bits", "MatMul", { shape: [16, 32], type: "int16" }),
  ];
}

/** The oldest that may name the operator set. */
function irVersionOf(opset: number): number {
  if (opset > 22) return opset > 24 ? 12 : 11;
  return opset > 20 ? 10 : 8;
}
