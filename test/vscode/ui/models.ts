import { externalTensor, graph, node, onnxModel, tensor, value, type OnnxTensor } from "../../builders/onnx-builder.ts";
import { tfliteModel } from "../../builders/tflite-builder.ts";
import { NetworkBuilder } from "../../zoo/network-builder.ts";
import { toBytes } from "../../zoo/file-segments.ts";
import { toTflite } from "../../zoo/to-tflite.ts";
import { BlockwiseQuantizationT } from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";

/** Models made on the spot, for what no sample shows. */

/** `rows` activations, one after the other, named /block.0/Relu, /block.1/Sigmoid, … */
export function longChain(rows: number): Uint8Array {
  const ops = ["Relu", "Sigmoid", "Tanh"];
  const nodes = Array.from({ length: rows }, (_, row) => {
    const op = ops[row % ops.length] ?? "Relu";
    return node(op, [`t${row}`], [`t${row + 1}`], {}, { name: `/block.${row}/${op}` });
  });
  const input = value("t0", "float32", [1, 8, 4, 4]);
  return onnxModel({ graph: graph(nodes, { inputs: [input], outputs: [`t${rows}`] }) });
}

/** A TFLite file with a layer of each kind that has weights to store in fewer bits. */
export function compressible(): Uint8Array {
  const net = new NetworkBuilder();
  const narrow = net.relu(net.conv(net.image(3, 32), "first", { out: 32, kernel: 3, pad: 1 }));
  const wide = net.relu(net.depthwise(narrow, "second", { kernel: 3, pad: 1 }));
  const pooled = net.flatten(net.relu(net.conv(wide, "third", { out: 16, kernel: 3, stride: 4 })));
  return toBytes(toTflite(net.finish("layers", net.dense(pooled, "last", 10))));
}

/** A row that Edgewise has no rule for, behind one that it has. */
export function unknownOperator(): Uint8Array {
  const nodes = [
    node("Relu", ["x"], ["y"], {}, { name: "known" }),
    node("FoldSpace", ["y"], ["z"], {}, { name: "mystery", domain: "com.acme" }),
  ];
  const model = { graph: graph(nodes, { inputs: [value("x", "float32", [1, 4])], outputs: ["z"] }) };
  return onnxModel({ ...model, opset: { "": 17, "com.acme": 1 } });
}

/** An activation of an input, whose two sizes have names of one's choosing; the input is named as the first. */
export function namedDimensions(first: string, second: string): Uint8Array {
  const options = { inputs: [value(first, "float32", [first, second])], outputs: ["y"] };
  return onnxModel({ graph: graph([node("Relu", [first], ["y"])], options) });
}

/** A fully connected layer, and behind it a loop that never ends. */
export function denseThenEndless(size: number): Uint8Array {
  const body = graph([node("Identity", ["going"], ["goes"]), node("Identity", ["held"], ["still"])], {
    name: "body",
    inputs: [value("turn", "int64", []), value("going", "bool", []), value("held", "float32", [1, size])],
    outputs: [value("goes", "bool", []), value("still", "float32", [1, size])],
  });
  const nodes = [
    node("Gemm", ["x", "w"], ["h"], {}, { name: "dense" }),
    node("Loop", ["", "always", "h"], ["y"], { body }, { name: "for ever" }),
  ];
  const weights = Array.from({ length: size * size }, (_, index) => ((index * 7919) % 1009) / 1009 - 0.5);
  const initializers = [tensor("w", "float32", [size, size], weights), tensor("always", "bool", [], [1])];
  const ports = { inputs: [value("x", "float32", [1, size])], outputs: [value("y", "float32", [1, size])] };
  return onnxModel({ graph: graph(nodes, { ...ports, initializers }) });
}

/** A convolution whose window is larger than a picture of the default size. */
export function openWindow(): Uint8Array {
  const nodes = [node("Conv", ["x", "w"], ["y"], { kernel_shape: [7, 7], strides: [1, 1] })];
  const inputs = [value("x", "float32", ["batch", 1, "height", "width"])];
  return onnxModel({
    graph: graph(nodes, { inputs, outputs: ["y"], initializers: [tensor("w", "float32", [4, 1, 7, 7])] }),
  });
}

/** A fully connected layer whose int4 weights have a scale for each block of 32: more of them than are read to show a table. */
export function blockQuantized(rows = 4096): Uint8Array {
  return tfliteModel({
    tensors: [
      { name: "x", shape: [1, 64] },
      {
        name: "w",
        type: "int4",
        shape: [rows, 64],
        data: Array.from({ length: rows * 64 }, (_, index) => (index % 15) - 7),
        quantization: { blockwise: new BlockwiseQuantizationT(2, -1, 32) },
      },
      { name: "scales", shape: [rows, 2], data: Array.from({ length: rows * 2 }, (_, index) => 1 + index) },
      { name: "y", shape: [1, rows] },
    ],
    operators: [{ op: "FULLY_CONNECTED", inputs: ["x", "w", -1], outputs: ["y"] }],
    inputs: ["x"],
    outputs: ["y"],
  });
}

/** Sums two inputs of 1×4×4×8. */
export function tfliteSum(): Uint8Array {
  const shape = [1, 4, 4, 8];
  return tfliteModel({
    tensors: ["left", "right", "sum"].map((name) => ({ name, shape })),
    operators: [{ op: "ADD", inputs: ["left", "right"], outputs: ["sum"] }],
    inputs: ["left", "right"],
    outputs: ["sum"],
  });
}

/** An activation for any batch, converted with one of 8 samples. */
export function convertedForEight(): Uint8Array {
  const signature = [-1, 4, 4, 8];
  return tfliteModel({
    tensors: ["image", "relu"].map((name) => ({ name, shape: [8, 4, 4, 8], signature })),
    operators: [{ op: "RELU", inputs: ["image"], outputs: ["relu"] }],
    inputs: ["image"],
    outputs: ["relu"],
  });
}

/**
 * `blocks` blocks of three layers in two stages, and a shape computed and used in between: /stage.0/block.0/conv/Conv, … Block 1's
 * convolution has twice the channels of the others.
 */
export function stagedNetwork(blocks = 4, width = 8): Uint8Array {
  const initializers: OnnxTensor[] = [];
  const nodes = Array.from({ length: blocks }, (_, block) => {
    const stage = `/stage.${block < blocks / 2 ? 0 : 1}/block.${block}`;
    const input = block === 0 ? "x" : `y${block - 1}`;
    const channels = block === 1 ? 2 * width : width;
    initializers.push(
      tensor(`w${block}`, "float32", [channels, width, 3, 3], ramp(channels * width * 9)),
      tensor(`v${block}`, "float32", [width, channels, 1, 1], ramp(channels * width)),
    );
    return [
      node("Conv", [input, `w${block}`], [`c${block}`], { pads: [1, 1, 1, 1] }, { name: `${stage}/conv/Conv` }),
      node("Relu", [`c${block}`], [`r${block}`], {}, { name: `${stage}/relu/Relu` }),
      node("Conv", [`r${block}`, `v${block}`], [`y${block}`], {}, { name: `${stage}/project/Conv` }),
    ];
  }).flat();
  const last = `y${blocks - 1}`;
  const reshape = [
    node("Shape", [last], ["shape"], {}, { name: "/Shape" }),
    node("Gather", ["shape", "first"], ["batch"], {}, { name: "/Gather" }),
    node("Concat", ["batch", "rest"], ["target"], { axis: 0 }, { name: "/Concat" }),
    node("Reshape", [last, "target"], ["flat"], {}, { name: "/Reshape" }),
  ];
  initializers.push(tensor("first", "int64", [1], [0]), tensor("rest", "int64", [1], [-1]));
  return onnxModel({
    graph: graph([...nodes, ...reshape], {
      inputs: [value("x", "float32", [1, width, 14, 14])],
      outputs: ["flat"],
      initializers,
    }),
  });
}

/** Two products with their weights, 64×64 and 64×8, in "weights.bin", which has SPLIT_BYTES. */
export function splitModel(): Uint8Array {
  const nodes = [
    node("MatMul", ["x", "w"], ["h"], {}, { name: "first" }),
    node("Relu", ["h"], ["r"], {}, { name: "relu" }),
    node("MatMul", ["r", "v"], ["y"], {}, { name: "second" }),
  ];
  const place = { location: "weights.bin" };
  const initializers = [
    externalTensor("w", "float32", [64, 64], { ...place, offset: 0, length: 16_384 }),
    externalTensor("v", "float32", [64, 8], { ...place, offset: 16_384, length: 2048 }),
  ];
  return onnxModel({
    graph: graph(nodes, {
      inputs: [value("x", "float32", [1, 64])],
      outputs: [value("y", "float32", [1, 8])],
      initializers,
    }),
  });
}

export const SPLIT_BYTES = 18_432;

/** -1 … 1, the middle one 0. */
function ramp(elements: number): number[] {
  return Array.from({ length: elements }, (_, index) => (index === elements >> 1 ? 0 : (2 * index) / elements - 1));
}
