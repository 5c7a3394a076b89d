import assert from "node:assert/strict";
import { rowWorkOf, type RowWork } from "../../../profiler/cost/layer-cost.ts";
import {
  Conv2DOptionsT,
  DepthwiseConv2DOptionsT,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { analyseModel } from "../../../profiler/profile-model.ts";
import { graph, node, onnxModel, tensor, value, type OnnxNode } from "../../builders/onnx-builder.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { tflite } from "../runtime/tiny-models.ts";

const { peakMacsPerSecond, bandwidthBytesPerSecond } = DEFAULT_HARDWARE;
const SIZE = 8;

/** A 3×3 convolution that keeps the size. */
function conv(input: string, output: string, [filters, channels, groups = 1]: readonly number[]): OnnxNode {
  const attributes = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: groups };
  return node("Conv", [input, `w${filters}x${(channels ?? 0) / groups}`], [output], attributes);
}

async function workOf(channels: number, nodes: readonly OnnxNode[]): Promise<readonly (RowWork | null)[]> {
  const weights = [...new Set(nodes.flatMap(({ input }) => input?.slice(1) ?? []))].filter((name) =>
    name.startsWith("w"),
  );
  const initializers = weights.map((name) => {
    const [filters = 0, each = 0] = name.slice(1).split("x").map(Number);
    return tensor(name, "float32", [filters, each, 3, 3]);
  });
  const inputs = [value("x", "float32", [1, channels, SIZE, SIZE])];
  const outputs = [value(nodes.at(-1)?.output?.[0] ?? "", "float32")];
  const model = await modelOfBytes(
    "kernels.onnx",
    onnxModel({ graph: graph(nodes, { inputs, outputs, initializers }) }),
  );
  return rowWorkOf(analyseModel(model, {}).listing.layers, DEFAULT_HARDWARE);
}

const map = (channels: number): number => channels * SIZE * SIZE * 4;
const bytes = (count: number): number => count / bandwidthBytesPerSecond;
const macs = (filters: number, channels: number): number =>
  (filters * channels * 9 * SIZE * SIZE) / peakMacsPerSecond.float32;

function isNear(actual: number | undefined, expected: number): void {
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= 1e-9 * expected, `${actual} is not ${expected}`);
}

describe("work by what kernels spend time on", () => {
  it("pads filters to blocks of 16, and tells a lone block of four and the columns at the padding", async () => {
    const [whole] = await workOf(32, [conv("x", "y", [64, 32])]);
    isNear(whole?.parts.conv, macs(64, 32));
    isNear(whole?.parts["conv-padded"], macs(64, 32) * (2 / SIZE));
    assert.equal(whole?.parts["conv-lone-block"], 0);
    const [padded] = await workOf(32, [conv("x", "y", [65, 32])]);
    isNear(padded?.parts.conv, macs(80, 32));
    isNear(padded?.parts["conv-lone-block"], macs(16, 32));
  });

  it("knows pictures' few channels, depthwise layers in blocks and in none, and grouped ones", async () => {
    const partsOf = async (channels: number, shape: readonly number[]): Promise<readonly string[]> => {
      const [row] = await workOf(channels, [conv("x", "y", shape)]);
      return Object.entries(row?.parts ?? {}).flatMap(([part, seconds]) => (seconds > 0 ? [part] : []));
    };
    assert.ok((await partsOf(3, [16, 3])).includes("few-channels"));
    assert.ok((await partsOf(16, [16, 16, 16])).includes("depthwise"));
    assert.ok((await partsOf(18, [18, 18, 18])).includes("depthwise-unaligned"));
    assert.ok((await partsOf(16, [16, 16, 4])).includes("grouped"));
  });

  it("counts nothing for what runs inside the convolution before, and one pass for a clip", async () => {
    const chain = [
      conv("x", "a", [16, 16]),
      node("Relu", ["a"], ["b"]),
      conv("b", "c", [16, 16]),
      node("Clip", ["c"], ["y"]),
    ];
    const [, relu, , clip] = await workOf(16, chain);
    assert.deepEqual([relu?.operators, relu?.parts.activation], [0, undefined]);
    isNear(clip?.parts.activation, bytes(map(16)));
    // Two readers: the convolution's own output is needed too.
    const shared = [conv("x", "a", [16, 16]), node("Relu", ["a"], ["b"]), node("Add", ["a", "b"], ["y"])];
    const [, alone] = await workOf(16, shared);
    isNear(alone?.parts.activation, bytes(2 * map(16)));
    assert.equal(alone?.operators, 1);
  });

  it("counts changes of layout where blocks begin and end", async () => {
    const [first, , last] = await workOf(16, [
      conv("x", "a", [16, 16]),
      node("Relu", ["a"], ["b"]),
      conv("b", "y", [16, 16]),
    ]);
    isNear(first?.parts.layout, bytes(2 * map(16)));
    isNear(last?.parts.layout, bytes(2 * map(16)));
    assert.deepEqual([first?.operators, last?.operators], [2, 2]);
    // A picture is read as it is, and what is no convolution reads no blocks.
    const [picture] = await workOf(3, [conv("x", "a", [16, 3]), node("Softmax", ["a"], ["y"], { axis: 1 })]);
    isNear(picture?.parts.layout, bytes(2 * map(16)));
  });

  it("knows no blocks where channels come last", async () => {
    const strides = { strideW: 1, strideH: 1 };
    const zeros = (shape: readonly number[]): number[] =>
      Array.from({ length: shape.reduce((a, b) => a * b) }, () => 0);
    const weight = (name: string, shape: readonly number[]) => ({ name, shape, data: zeros(shape) });
    const maps = ["x", "y", "z"].map((name) => ({ name, shape: [1, 6, 5, 18] }));
    const model = await tflite(
      [...maps, weight("w", [18, 1, 1, 18]), weight("d", [1, 1, 1, 18])],
      [
        {
          op: "CONV_2D",
          inputs: ["x", "w", -1],
          outputs: ["y"],
          options: Object.assign(new Conv2DOptionsT(), strides),
        },
        {
          op: "DEPTHWISE_CONV_2D",
          inputs: ["y", "d", -1],
          outputs: ["z"],
          options: Object.assign(new DepthwiseConv2DOptionsT(), strides, { depthMultiplier: 1 }),
        },
      ],
    );
    const [conv, depthwise] = rowWorkOf(analyseModel(model, {}).listing.layers, DEFAULT_HARDWARE);
    assert.deepEqual([conv?.parts.layout, conv?.operators], [0, 1]);
    assert.deepEqual([depthwise?.parts.layout, depthwise?.operators], [0, 1]);
    assert.ok((depthwise?.parts.depthwise ?? 0) > 0);
    assert.equal(depthwise?.parts["depthwise-unaligned"], undefined);
  });
});
