import {
  ActivationFunctionType,
  Conv2DOptionsT,
  FullyConnectedOptionsT,
  Padding,
  ReducerOptionsT,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { graph, node, onnxModel, tensor, value, type OnnxNode, type OnnxTensor } from "../../builders/onnx-builder.ts";
import { tfliteModel, type TensorSpec } from "../../builders/tflite-builder.ts";

export interface FileInMemory {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface NetOptions {
  /** How far weights are off those of the teacher. */
  readonly off?: number;
  /** Between the convolution and what comes after it. */
  readonly between?: (input: string, output: string) => OnnxNode;
}

/** conv 3×3 → BatchNormalization → ReLU → mean → Gemm → softmax, of 1×6×6 samples. */
export function convNet({ off = 0, between }: NetOptions = {}): FileInMemory {
  const [own, other] = [new Random(1), new Random(2)];
  const numbers = (count: number): readonly number[] =>
    Array.from({ length: count }, () => own.normal() + off * other.normal());
  const nodes = [
    node("Conv", ["x", "w", "b"], ["map"], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] }, { name: "conv" }),
    ...(between ? [between("map", "through")] : []),
    node(
      "BatchNormalization",
      [between ? "through" : "map", "scale", "shift", "mean", "variance"],
      ["normal"],
      {},
      { name: "norm" },
    ),
    node("Relu", ["normal"], ["active"]),
    node("GlobalAveragePool", ["active"], ["pooled"]),
    node("Flatten", ["pooled"], ["flat"]),
    node("Gemm", ["flat", "fc", "fcb"], ["logits"], { transB: 1 }, { name: "dense" }),
    node("Softmax", ["logits"], ["y"], { axis: 1 }),
  ];
  const initializers = [
    tensor("w", "float32", [4, 1, 3, 3], numbers(36)),
    tensor("b", "float32", [4], numbers(4)),
    tensor("scale", "float32", [4], [1, 1.5, 2, 1]),
    tensor("shift", "float32", [4], numbers(4)),
    tensor("mean", "float32", [4], [0, 0.5, -0.5, 1]),
    tensor("variance", "float32", [4], [1, 2, 1, 0.5]),
    tensor("fc", "float32", [3, 4], numbers(12)),
    tensor("fcb", "float32", [3], numbers(3)),
  ];
  const body = graph(nodes, { inputs: [value("x", "float32", ["batch", 1, 6, 6])], outputs: ["y"], initializers });
  return { name: "net.onnx", bytes: onnxModel({ graph: body }) };
}

/**
 * Of a 1×6×6 sample, the mean of its left half less that of its right one.
 * @param factor instead: so many times the mean of all, which cannot tell left from right
 */
export function leftLessRight(factor?: number): FileInMemory {
  const signs = Array.from({ length: 36 }, (_, at) => (at % 6 < 3 ? 1 / 18 : -1 / 18));
  const isWhole = factor === undefined;
  const nodes = [
    ...(isWhole ? [] : [node("GlobalAveragePool", ["x"], ["pooled"])]),
    node("Flatten", [isWhole ? "x" : "pooled"], ["flat"]),
    node("Gemm", ["flat", "w"], ["y"], { transB: 1 }, { name: "dense" }),
  ];
  const initializers = [tensor("w", "float32", [1, isWhole ? 36 : 1], isWhole ? signs : [factor])];
  const body = graph(nodes, { inputs: [value("x", "float32", ["batch", 1, 6, 6])], outputs: ["y"], initializers });
  return { name: "halves.onnx", bytes: onnxModel({ graph: body }) };
}

/**
 * Three convolutions 3×3 with ReLUs → mean → Gemm, wide enough that storing weights in another form saves something.
 * @param off how far weights are off, so that there is something to learn whatever the form
 */
export function wideNet(off = 0): FileInMemory {
  const [own, other] = [new Random(4), new Random(9)];
  const weights = (name: string, ...shape: readonly number[]): OnnxTensor => {
    const inputs = shape.slice(1).reduce((all, size) => all * size, 1);
    const draw = (): number => (own.normal() + off * other.normal()) * Math.sqrt(2 / inputs);
    return tensor(name, "float32", shape, Array.from({ length: inputs * (shape[0] ?? 1) }, draw));
  };
  const layer = (name: string, input: string): readonly OnnxNode[] => [
    node("Conv", [input, `${name}.w`, `${name}.b`], [`${name}.y`], { pads: [1, 1, 1, 1] }, { name }),
    node("Relu", [`${name}.y`], [name]),
  ];
  const nodes = [
    ...layer("first", "x"),
    ...layer("second", "first"),
    ...layer("third", "second"),
    node("GlobalAveragePool", ["third"], ["pooled"]),
    node("Flatten", ["pooled"], ["flat"]),
    node("Gemm", ["flat", "fc", "fcb"], ["y"], { transB: 1 }, { name: "dense" }),
  ];
  const initializers = [
    weights("first.w", 24, 4, 3, 3),
    weights("first.b", 24),
    weights("second.w", 24, 24, 3, 3),
    weights("second.b", 24),
    weights("third.w", 24, 24, 3, 3),
    weights("third.b", 24),
    weights("fc", 10, 24),
    weights("fcb", 10),
  ];
  const body = graph(nodes, { inputs: [value("x", "float32", ["batch", 4, 6, 6])], outputs: ["y"], initializers });
  return { name: "wide.onnx", bytes: onnxModel({ graph: body, opset: 17 }) };
}

/** The like in TFLite, of maps of two channels: convolution with a fused ReLU, mean, fully connected. @param hybrid int8 weights in the convolution */
export function tfliteNet(off = 0, hybrid = false): FileInMemory {
  const [own, other] = [new Random(1), new Random(2)];
  const numbers = (count: number): number[] => Array.from({ length: count }, () => own.normal() + off * other.normal());
  const kernel = numbers(72);
  const integers: Partial<TensorSpec> = {
    type: "int8",
    data: kernel.map((weight) => Math.max(-127, Math.min(127, Math.round(weight / 0.03)))),
    quantization: { scales: [0.03], zeroPoints: [0] },
  };
  const bytes = tfliteModel({
    tensors: [
      { name: "x", shape: [1, 6, 6, 2] },
      { name: "w", shape: [4, 3, 3, 2], ...(hybrid ? integers : { data: kernel }) },
      { name: "b", shape: [4], data: numbers(4) },
      { name: "map", shape: [1, 6, 6, 4] },
      { name: "axes", type: "int32", shape: [2], data: [1, 2] },
      { name: "pooled", shape: [1, 4] },
      { name: "fc", shape: [3, 4], data: numbers(12) },
      { name: "fcb", shape: [3], data: numbers(3) },
      { name: "y", shape: [1, 3] },
    ],
    inputs: ["x"],
    outputs: ["y"],
    operators: [
      {
        op: "CONV_2D",
        inputs: ["x", "w", "b"],
        outputs: ["map"],
        options: Object.assign(new Conv2DOptionsT(), {
          strideW: 1,
          strideH: 1,
          padding: Padding.SAME,
          fusedActivationFunction: ActivationFunctionType.RELU,
        }),
      },
      { op: "MEAN", inputs: ["map", "axes"], outputs: ["pooled"], options: new ReducerOptionsT() },
      { op: "FULLY_CONNECTED", inputs: ["pooled", "fc", "fcb"], outputs: ["y"], options: new FullyConnectedOptionsT() },
    ],
  });
  return { name: "net.tflite", bytes };
}

export function readNet({ name, bytes }: FileInMemory): Promise<Model> {
  return modelOfBytes(name, bytes);
}
