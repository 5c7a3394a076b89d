// Models of a few nodes whose structures reach what networks of images have none of: bodies, functions, recurrence, quantized operators,
// sparse weights. Mutants of small models take little time, so that many are tried.
import * as schema from "../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import {
  graph,
  node,
  onnxFunction,
  onnxModel,
  reference,
  sparseTensor,
  tensor,
  value,
} from "../builders/onnx-builder.ts";
import { tfliteModel } from "../builders/tflite-builder.ts";
import { NetworkBuilder } from "../zoo/network-builder.ts";
import type { Network } from "../zoo/network.ts";

/** Layers of each common kind, with weights of a few hundred bytes. */
export function tinyNetworks(): readonly Network[] {
  const separable = new NetworkBuilder();
  let x = separable.conv(separable.image(3, 8), "stem", { out: 4, kernel: 3, stride: 2, pad: 1 });
  x = separable.relu(separable.batchNorm(x, "norm"));
  x = separable.depthwise(x, "depthwise", { kernel: 3, pad: 1 });
  x = separable.conv(x, "pointwise", { out: 4, kernel: 1 });
  const classes = separable.softmax(separable.dense(separable.flatten(x), "head", 3));

  const residual = new NetworkBuilder();
  const start = residual.conv(residual.image(2, 6), "first", { out: 4, kernel: 3, pad: 1 });
  const branch = residual.scope("block", () => residual.conv(start, "conv", { out: 4, kernel: 3, pad: 1, groups: 2 }));
  const joined = residual.concat([residual.plus(start, branch), residual.scale(start, 0.5)]);
  const pooled = residual.maxPool(joined, { kernel: 2, stride: 2 });
  return [separable.finish("tiny_separable", classes), residual.finish("tiny_residual", residual.globalPool(pooled))];
}

export function tinyOnnx(): readonly Uint8Array[] {
  return [
    onnxModel({ graph: branches() }),
    onnxModel({ graph: repeated() }),
    onnxModel({ graph: quantized(), opset: { "": 17, "com.microsoft": 1 } }),
    onnxModel({ graph: recurrent() }),
    onnxModel({ graph: called(), opset: { "": 17, local: 1 }, functions: [scaling()] }),
    onnxModel({ graph: arithmetic() }),
  ];
}

function branches(): ReturnType<typeof graph> {
  const body = (op: string): ReturnType<typeof graph> => graph([node(op, ["x"], ["y"])], { name: op, outputs: ["y"] });
  return graph(
    [node("If", ["flag"], ["z"], { then_branch: body("Relu"), else_branch: body("Neg") }, { name: "choice" })],
    {
      inputs: [value("flag", "bool", []), value("x", "float32", ["N", 4])],
      outputs: [value("z", "float32", ["N", 4])],
    },
  );
}

function repeated(): ReturnType<typeof graph> {
  const loop = graph([node("Identity", ["going"], ["on"]), node("Add", ["sum", "x"], ["next"])], {
    name: "loop",
    inputs: [value("step", "int64", []), value("going", "bool", []), value("sum", "float32", [2, 3])],
    outputs: [value("on", "bool", []), value("next", "float32", [2, 3]), value("sum", "float32", [2, 3])],
  });
  const scan = graph([node("Mul", ["state", "row"], ["scaled"]), node("Identity", ["scaled"], ["kept"])], {
    name: "scan",
    inputs: [value("state", "float32", [3]), value("row", "float32", [3])],
    outputs: ["scaled", "kept"],
  });
  return graph(
    [
      node("Loop", ["trips", "", "x"], ["last", "all"], { body: loop }),
      node("Scan", ["seed", "last"], ["state", "rows"], { body: scan, num_scan_inputs: 1 }),
    ],
    {
      inputs: [value("x", "float32", [2, 3])],
      outputs: ["all", "rows"],
      initializers: [tensor("trips", "int64", [], [3]), tensor("seed", "float32", [3])],
    },
  );
}

function quantized(): ReturnType<typeof graph> {
  return graph(
    [
      node("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
      node("QLinearConv", ["q", "scale", "zero", "w", "scales", "zeros", "scale", "zero", "b"], ["c"], {
        pads: [1, 1, 1, 1],
      }),
      node("DequantizeLinear", ["c", "scale", "zero"], ["d"]),
      node("DequantizeLinear", ["w", "scales", "zeros"], ["dw"], { axis: 0 }),
      node("Conv", ["d", "dw"], ["f"]),
      node("QuantizeLinear", ["f", "scale", "zero"], ["g"]),
      node("FusedConv", ["f", "dw"], ["h"], { activation: "Relu" }, { domain: "com.microsoft" }),
    ],
    {
      inputs: [value("x", "float32", [1, 2, "H", "W"])],
      outputs: ["g", "h"],
      initializers: [
        tensor("scale", "float32", [], [0.5]),
        tensor("zero", "uint8", [], [128]),
        tensor("w", "int8", [2, 2, 3, 3]),
        tensor("b", "int32", [2]),
        tensor("scales", "float32", [2], [0.25, 0.5]),
        tensor("zeros", "int8", [2], [0, 0]),
      ],
    },
  );
}

function recurrent(): ReturnType<typeof graph> {
  return graph(
    [
      node("LSTM", ["x", "w", "r", "b", "", "h"], ["y", "yh", "yc"], { hidden_size: 2, direction: "forward" }),
      node("Squeeze", ["y", "axis"], ["s"]),
      node("GRU", ["s", "gw", "gr"], ["g"], { hidden_size: 2 }),
      node("Attention", ["g", "g", "g"], ["a"], { q_num_heads: 1, kv_num_heads: 1 }),
    ],
    {
      inputs: [value("x", "float32", ["T", 1, 3])],
      outputs: ["a", "yh", "yc"],
      initializers: [
        tensor("w", "float32", [1, 8, 3]),
        tensor("r", "float32", [1, 8, 2]),
        tensor("b", "float32", [1, 16]),
        tensor("h", "float32", [1, 1, 2]),
        tensor("axis", "int64", [1], [1]),
        tensor("gw", "float32", [1, 6, 2]),
        tensor("gr", "float32", [1, 6, 2]),
      ],
    },
  );
}

function scaling(): ReturnType<typeof onnxFunction> {
  return onnxFunction(
    [node("Constant", [], ["k"], { value_float: reference("factor", "FLOAT") }), node("Mul", ["a", "k"], ["b"])],
    { name: "Scaled", inputs: ["a"], outputs: ["b"], attributes: ["factor"] },
  );
}

function called(): ReturnType<typeof graph> {
  const local = { domain: "local" };
  return graph(
    [
      node("Scaled", ["x"], ["y"], { factor: 0.5 }, { ...local, name: "/model/first/Scaled" }),
      node("Scaled", ["y"], ["z"], { factor: 1.5 }, { ...local, name: "/model/second/Scaled" }),
      node("MatMul", ["z", "sparse"], ["m"]),
    ],
    {
      inputs: [value("x", "float32", ["N", 3])],
      outputs: [value("m", "float32", ["N", 4])],
      sparseInitializers: [sparseTensor("sparse", "float32", [3, 4], [1, 2], [0, 7])],
    },
  );
}

/** Shapes that are computed while the model runs, as exporters write them. */
function arithmetic(): ReturnType<typeof graph> {
  return graph(
    [
      node("Shape", ["x"], ["s"]),
      node("Gather", ["s", "zero"], ["n"], { axis: 0 }),
      node("Unsqueeze", ["n", "axes"], ["n1"]),
      node("Concat", ["n1", "rest"], ["to"], { axis: 0 }),
      node("Reshape", ["x", "to"], ["r"]),
      node("Resize", ["x", "", "scales"], ["u"], { mode: "nearest" }),
      node("Slice", ["u", "axes", "rest", "axes"], ["c"]),
      node("Expand", ["c", "s"], ["e"]),
      node("TopK", ["r", "rest"], ["t", "i"]),
      node("ConstantOfShape", ["s"], ["k"], { value: tensor("", "float32", [1], [2]) }),
    ],
    {
      inputs: [value("x", "float32", ["N", 2, 3, "W*2"])],
      outputs: ["r", "e", "t", "i", "k"],
      initializers: [
        tensor("zero", "int64", [], [0]),
        tensor("axes", "int64", [1], [0]),
        tensor("rest", "int64", [1], [-1]),
        tensor("scales", "float32", [4], [1, 1, 2, 2]),
      ],
    },
  );
}

export function tinyTflite(): readonly Uint8Array[] {
  return [quantizedTflite(), loopingTflite(), recurrentTflite()];
}

function quantizedTflite(): Uint8Array {
  const activations = { scales: [0.5], zeroPoints: [3] };
  return tfliteModel({
    tensors: [
      { name: "x", type: "int8", shape: [1, 6, 6, 2], signature: [-1, 6, 6, 2], quantization: activations },
      {
        name: "w",
        type: "int8",
        shape: [4, 3, 3, 2],
        data: (index) => (index % 11) - 5,
        quantization: { scales: [0.1, 0.2, 0.3, 0.4], zeroPoints: [0, 0, 0, 0], axis: 0 },
      },
      { name: "b", type: "int32", shape: [4], data: [1, 2, 3, 4] },
      { name: "c", type: "int8", shape: [1, 6, 6, 4], quantization: activations },
      { name: "size", type: "int32", shape: [2], data: [1, 144] },
      { name: "flat", type: "int8", shape: [1, 144], quantization: activations },
      { name: "y", type: "int8", shape: [1, 144], quantization: { scales: [1 / 256], zeroPoints: [-128] } },
      { name: "own", shape: [1, 4] },
    ],
    operators: [
      {
        op: "CONV_2D",
        inputs: ["x", "w", "b"],
        outputs: ["c"],
        options: new schema.Conv2DOptionsT(schema.Padding.SAME, 1, 1, schema.ActivationFunctionType.RELU),
      },
      { op: "RESHAPE", inputs: ["c", "size"], outputs: ["flat"], options: new schema.ReshapeOptionsT([1, 144]) },
      { op: "SOFTMAX", inputs: ["flat"], outputs: ["y"], options: new schema.SoftmaxOptionsT(1) },
      { op: { custom: "Own" }, inputs: ["y"], outputs: ["own"], customOptions: Uint8Array.of(7, 1, 0, 4, 8, 1) },
    ],
    inputs: ["x"],
    outputs: ["own"],
    signatures: [{ key: "serving_default", subgraph: 0, inputs: { x: 0 }, outputs: { y: 7 } }],
    metadata: { min_runtime_version: Uint8Array.of(49, 46, 53) },
  });
}

function loopingTflite(): Uint8Array {
  const step = {
    tensors: [
      { name: "i", shape: [1, 4] },
      { name: "k", shape: [4], data: [1, 2, 3, 4] },
      { name: "o", shape: [1, 4] },
    ],
    operators: [{ op: "ADD" as const, inputs: ["i", "k"], outputs: ["o"], options: new schema.AddOptionsT() }],
    inputs: ["i"],
    outputs: ["o"],
  };
  const test = {
    tensors: [{ shape: [1, 4] }, { type: "bool" as const, shape: [1], data: [1] }],
    operators: [],
    inputs: [0],
    outputs: [1],
  };
  return tfliteModel({
    tensors: [
      { name: "x", shape: [1, 4] },
      { name: "w", shape: [1, 4] },
      { name: "flag", type: "bool", shape: [1] },
      { name: "y", shape: [1, 4] },
    ],
    operators: [
      { op: "WHILE", inputs: ["x"], outputs: ["w"], options: new schema.WhileOptionsT(1, 2) },
      { op: "IF", inputs: ["flag", "w"], outputs: ["y"], options: new schema.IfOptionsT(2, 2) },
    ],
    inputs: ["x", "flag"],
    outputs: ["y"],
    subgraphs: [test, step],
  });
}

function recurrentTflite(): Uint8Array {
  const [input, hidden] = [3, 2];
  const weights = (
    name: string,
    ...shape: number[]
  ): { name: string; shape: number[]; data: (index: number) => number } => ({
    name,
    shape,
    data: (index) => (index % 7) / 8,
  });
  const gates = ["i", "f", "c", "o"];
  return tfliteModel({
    tensors: [
      { name: "x", shape: [1, 5, input] },
      ...gates.map((gate) => weights(`w${gate}`, hidden, input)),
      ...gates.map((gate) => weights(`r${gate}`, hidden, hidden)),
      ...gates.map((gate) => weights(`b${gate}`, hidden)),
      { name: "state", shape: [1, hidden], isVariable: true },
      { name: "cell", shape: [1, hidden], isVariable: true },
      { name: "y", shape: [1, 5, hidden] },
      weights("fc", 4, hidden),
      { name: "z", shape: [5, 4] },
    ],
    operators: [
      {
        op: "UNIDIRECTIONAL_SEQUENCE_LSTM",
        inputs: [
          "x",
          ...gates.map((gate) => `w${gate}`),
          ...gates.map((gate) => `r${gate}`),
          ...[-1, -1, -1],
          ...gates.map((gate) => `b${gate}`),
          ...[-1, -1],
          "state",
          "cell",
        ],
        outputs: ["y"],
        options: new schema.UnidirectionalSequenceLSTMOptionsT(schema.ActivationFunctionType.TANH),
      },
      { op: "FULLY_CONNECTED", inputs: ["y", "fc", -1], outputs: ["z"], options: new schema.FullyConnectedOptionsT() },
    ],
    inputs: ["x"],
    outputs: ["z"],
  });
}
