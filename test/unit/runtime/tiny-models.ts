import { CastOptionsT, Conv2DOptionsT } from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import type { NumericTensor, NumericType } from "../../../profiler/tensors/numeric-tensor.ts";
import { newArray } from "../../../profiler/tensors/numeric-tensor.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { graph, node, onnxModel, tensor, value, type Dims, type OnnxNode } from "../../builders/onnx-builder.ts";
import { tfliteModel, type OperatorSpec, type TensorSpec } from "../../builders/tflite-builder.ts";

/** y = relu(x · diag(1, …, n) + bias), of any batch: `product` is the inner tensor before the bias. */
export function scalingModel(size: number, bias = 0, batch: Dims[number] = "batch"): Promise<Model> {
  const diagonal = Array.from({ length: size * size }, (_, index) =>
    index % (size + 1) === 0 ? index / (size + 1) + 1 : 0,
  );
  const nodes = [
    node("MatMul", ["x", "w"], ["product"], {}, { name: "dense" }),
    node("Add", ["product", "bias"], ["sum"]),
    node("Relu", ["sum"], ["y"]),
  ];
  const initializers = [tensor("w", "float32", [size, size], diagonal), tensor("bias", "float32", [1], [bias])];
  return inMemory(nodes, { inputs: [value("x", "float32", [batch, size])], initializers });
}

/** y is x once a loop is done that never is. */
export function endlessBytes(): Uint8Array {
  const body = graph([node("Identity", ["going"], ["goes"]), node("Identity", ["held"], ["still"])], {
    name: "body",
    inputs: [value("turn", "int64", []), value("going", "bool", []), value("held", "float32", [1])],
    outputs: [value("goes", "bool", []), value("still", "float32", [1])],
  });
  const nodes = [node("Loop", ["", "always", "x"], ["y"], { body }, { name: "for ever" })];
  const ports = { inputs: [value("x", "float32", [1])], outputs: [value("y", "float32", [1])] };
  return onnxModel({ graph: graph(nodes, { ...ports, initializers: [tensor("always", "bool", [], [1])] }) });
}

/** Gives its input back. */
export function identityModel(type: NumericType, shape: Dims): Promise<Model> {
  return inMemory([node("Identity", ["x"], ["y"])], { inputs: [value("x", type, shape)] });
}

/** Rows of a table of 5. */
export function embeddingModel(): Promise<Model> {
  return inMemory([node("Gather", ["table", "ids"], ["y"])], {
    inputs: [value("ids", "int64", ["batch", 3])],
    initializers: [
      tensor(
        "table",
        "float32",
        [5, 2],
        Array.from({ length: 10 }, (_, index) => index),
      ),
    ],
  });
}

export function inMemory(
  nodes: readonly OnnxNode[],
  options: Parameters<typeof graph>[1],
  name = "tiny.onnx",
): Promise<Model> {
  return modelOfBytes(name, onnxModel({ graph: graph(nodes, { outputs: ["y"], ...options }) }));
}

interface TfliteOptions {
  readonly type?: TensorSpec["type"];
  readonly quantization?: TensorSpec["quantization"];
}

/** A 1×1 convolution of two channels that doubles the first and triples the second, then a ReLU: `products` is between them. No bias. */
export function tfliteConvolution(): Promise<Model> {
  return tflite(
    [
      { name: "x", shape: [1, 2, 2, 2] },
      { name: "weights", shape: [2, 1, 1, 2], data: [2, 0, 0, 3] },
      { name: "products", shape: [1, 2, 2, 2] },
      { name: "y", shape: [1, 2, 2, 2] },
    ],
    [
      {
        op: "CONV_2D",
        inputs: ["x", "weights", -1],
        outputs: ["products"],
        options: Object.assign(new Conv2DOptionsT(), { strideW: 1, strideH: 1 }),
      },
      { op: "RELU", inputs: ["products"], outputs: ["y"] },
    ],
  );
}

/** max(x, 0) of a type of its own. */
export function tfliteRelu({ type = "float32", quantization }: TfliteOptions): Promise<Model> {
  const end = (name: string): TensorSpec => ({ name, type, shape: [1, 4], ...(quantization && { quantization }) });
  return tflite([end("x"), end("y")], [{ op: "RELU", inputs: ["x"], outputs: ["y"] }]);
}

/** int64 in, bool out: neither is a type of LiteRT.js. */
export function tfliteCast(): Promise<Model> {
  return tflite(
    [
      { name: "x", type: "int64", shape: [1, 3] },
      { name: "y", type: "bool", shape: [1, 3] },
    ],
    [{ op: "CAST", inputs: ["x"], outputs: ["y"], options: new CastOptionsT() }],
  );
}

export function tflite(tensors: readonly TensorSpec[], operators: readonly OperatorSpec[]): Promise<Model> {
  return modelOfBytes("tiny.tflite", tfliteModel({ tensors, operators, inputs: ["x"], outputs: ["y"] }));
}

export function of(dataType: NumericType, shape: readonly number[], values: readonly number[]): NumericTensor {
  const data = newArray(dataType, values.length);
  data.set(values);
  return { dataType, shape, data };
}

export function valuesOf(tensor: NumericTensor | undefined): readonly number[] {
  return Array.from(tensor?.data ?? []);
}
