import assert from "node:assert/strict";
import {
  Conv2DOptionsT,
  FullyConnectedOptionsT,
  Padding,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { tfliteBytes } from "../../../profiler/formats/tflite/write.ts";
import { quantized, schemeFor } from "../../../profiler/neutral/quantize.ts";
import { readConstant } from "../../../profiler/model/constant-values.ts";
import type { Model } from "../../../profiler/model/model.ts";
import type { ConvForm, Form } from "../../../profiler/neutral/forms.ts";
import { newWeights } from "../../../profiler/neutral/weights.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import type { NeutralGraph } from "../../../profiler/neutral/neutral-graph.ts";
import { lowerRewrite } from "../../../profiler/translation/lower-model.ts";
import type { Rewrite } from "../../../profiler/neutral/rewrite.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { DENSE_TO_CONV } from "../../../profiler/restructure/restructurings/dense-to-conv.ts";
import type { TfliteSpec } from "../../builders/tflite-builder.ts";
import { readBytes, readSpec } from "./analyse.ts";
import { randomInputs } from "./random-inputs.ts";
import { modelOfBytes } from "../../builders/read-model.ts";

const wave = (length: number): readonly number[] => Array.from({ length }, (_, index) => Math.sin(3 * index + 1) / 2);

/** A convolution of 3×3, 4 to 6 channels, SAME, stride 1, ReLU not fused. */
const CONV: TfliteSpec = {
  tensors: [
    { name: "in", shape: [1, 5, 6, 4] },
    { name: "weight", shape: [6, 3, 3, 4], data: wave(216) },
    { name: "bias", shape: [6], data: wave(6) },
    { name: "out", shape: [1, 5, 6, 6] },
  ],
  inputs: ["in"],
  outputs: ["out"],
  operators: [
    {
      op: "CONV_2D",
      inputs: ["in", "weight", "bias"],
      outputs: ["out"],
      options: Object.assign(new Conv2DOptionsT(), { padding: Padding.SAME, strideW: 1, strideH: 1 }),
    },
  ],
};

/** The convolution with an activation, a reshape and a fully connected layer behind it. */
const HEADED: TfliteSpec = {
  ...CONV,
  tensors: [
    ...CONV.tensors,
    { name: "hidden", shape: [1, 5, 6, 6] },
    { name: "target", shape: [2], type: "int32", data: [1, 180] },
    { name: "flat", shape: [1, 180] },
    { name: "classes", shape: [2, 180], data: wave(360) },
    { name: "y", shape: [1, 2] },
  ],
  outputs: ["y"],
  operators: [
    ...CONV.operators,
    { op: "TANH", inputs: ["out"], outputs: ["hidden"] },
    { op: "RESHAPE", inputs: ["hidden", "target"], outputs: ["flat"] },
    { op: "FULLY_CONNECTED", inputs: ["flat", "classes"], outputs: ["y"], options: new FullyConnectedOptionsT() },
  ],
};

function onlyConv(graph: NeutralGraph): { readonly id: number; readonly form: ConvForm } {
  const [layer] = graph.layersOf("conv");
  assert.ok(layer);
  return layer;
}

async function rewritten(spec: TfliteSpec, rewrite: (graph: NeutralGraph) => Rewrite): Promise<Model> {
  const model = await readSpec(spec);
  const graph = liftModel(model);
  return lowerRewrite(model, graph, rewrite(graph), { readsWeights: true });
}

/** The only convolution with some of its settings changed. */
function changed(change: (form: ConvForm) => Partial<ConvForm>, spec = CONV): Promise<Model> {
  return rewritten(spec, (graph) => {
    const { id, form } = onlyConv(graph);
    return { replace: new Map<number, Form>([[id, { ...form, ...change(form) }]]) };
  });
}

const operators = ({ entries: [{ graph }] }: Model): readonly string[] => graph.nodes.map(({ op }) => op);

async function outputOf(bytes: Uint8Array): Promise<Float32Array> {
  const session = await openSession(await modelOfBytes("test.tflite", bytes));
  try {
    const [output] = Object.values(await session.run(randomInputs(session)));
    return Float32Array.from(output?.data ?? []);
  } finally {
    await session.close();
  }
}

function assertNear(actual: Float32Array, expected: Float32Array, tolerance = 1e-5): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, index) => assert.ok(Math.abs(value - (expected[index] ?? NaN)) <= tolerance, `${index}`));
}

describe("Lowering to TFLite operators", function () {
  this.timeout(60_000);

  it("writes weights back as they were: new copies of a convolution's make the same outputs", async () => {
    const base = await readSpec(CONV);
    const { form } = onlyConv(liftModel(base));
    const weight = newWeights(form.weight.shape, await form.weight.read());
    const edited = await changed(() => ({ weight }));
    assert.deepEqual(operators(edited), ["CONV_2D"]);
    assert.equal(edited.entries[0].graph.nodes[0]?.attributes.get("padding"), "SAME");
    assertNear(await outputOf(await tfliteBytes(edited)), await outputOf(await tfliteBytes(base)), 0);
  });

  it("pads in an operator of its own what neither SAME nor VALID says", async () => {
    // All padding at the begin instead of around: the output moves, so that its corner is what SAME has in the corner.
    const edited = await changed(() => ({ padsBegin: [2, 2], padsEnd: [0, 0] }));
    assert.deepEqual(operators(edited), ["PAD", "CONV_2D"]);
    assert.equal(edited.entries[0].graph.nodes[1]?.attributes.get("padding"), "VALID");
    const [moved, same] = [
      await outputOf(await tfliteBytes(edited)),
      await outputOf(await tfliteBytes(await readSpec(CONV))),
    ];
    const at = (output: Float32Array, row: number, column: number): Float32Array =>
      output.subarray((row * 6 + column) * 6, (row * 6 + column + 1) * 6);
    assertNear(at(moved, 3, 4), at(same, 2, 3));
  });

  it("sees through layers that stay what sizes changed before them", async () => {
    // Fewer filters, a layer that no edit names, and a reshape whose new target the old 180 elements do not fill.
    const edited = await rewritten(HEADED, (graph) => {
      const [conv] = graph.layersOf("conv");
      const [reshape] = graph.layersOf("reshape");
      const [dense] = graph.layersOf("dense");
      assert.ok(conv && reshape && dense);
      const [weight, bias] = [
        newWeights([4, 4, 3, 3], Float32Array.from(wave(144))),
        newWeights([4], new Float32Array(4)),
      ];
      const narrow = newWeights([2, 120], Float32Array.from(wave(240)));
      return {
        replace: new Map<number, Form>([
          [conv.id, { ...conv.form, weight, bias }],
          [reshape.id, { ...reshape.form, target: [1, 120] }],
          [dense.id, { ...dense.form, weight: narrow }],
        ]),
      };
    });
    assert.deepEqual(operators(edited), ["CONV_2D", "TANH", "RESHAPE", "FULLY_CONNECTED"]);
    const shapes = Object.fromEntries(
      edited.entries[0].graph.tensors.map(({ name, declared }) => [name, declared?.shape]),
    );
    assert.deepEqual(
      [shapes.hidden, shapes.flat, shapes.y],
      [
        [1, 5, 6, 4],
        [1, 120],
        [1, 2],
      ],
    );
    assert.equal((await outputOf(await tfliteBytes(edited))).length, 2);
  });

  it("fuses the activations that kernels compute, and no others", async () => {
    const fused = await changed(() => ({ activation: { fn: "relu6" } }));
    assert.equal(fused.entries[0].graph.nodes[0]?.attributes.get("fused_activation_function"), "RELU6");
    const split = await changed(() => ({ activation: { fn: "tanh" } }));
    assert.deepEqual(operators(split), ["CONV_2D", "TANH"]);
    const plain = await outputOf(await tfliteBytes(await readSpec(CONV)));
    assertNear(await outputOf(await tfliteBytes(split)), plain.map(Math.tanh), 1e-4);
  });

  it("gives every convolution a bias", async () => {
    const edited = await changed(() => ({ bias: undefined }));
    const [node] = edited.entries[0].graph.nodes;
    const bias = edited.entries[0].graph.tensors[node?.inputs[2] ?? -1]?.constant;
    assert.deepEqual(bias?.values, [0, 0, 0, 0, 0, 0]);
  });

  it("writes grouped and depthwise convolutions, in the version that knows them", async () => {
    const weight = newWeights([6, 2, 3, 3], Float32Array.from(wave(108)));
    const grouped = (await changed(() => ({ weight, groups: 2 }))).entries[0].graph.nodes[0];
    assert.deepEqual([grouped?.op, grouped?.version], ["CONV_2D", 6]);
    const single = newWeights([8, 1, 3, 3], Float32Array.from(wave(72)));
    const bias = newWeights([8], Float32Array.from(wave(8)));
    const depthwise = await changed(() => ({ weight: single, bias, groups: 4 }));
    const [node] = depthwise.entries[0].graph.nodes;
    assert.deepEqual([node?.op, node?.attributes.get("depth_multiplier")], ["DEPTHWISE_CONV_2D", 2]);
    const shape = depthwise.entries[0].graph.tensors[node?.inputs[1] ?? -1]?.constant?.shape;
    assert.deepEqual(shape, [1, 3, 3, 8]);
    // Eight channels of 5×6: the file says so, and LiteRT agrees.
    assert.equal((await outputOf(await tfliteBytes(depthwise))).length, 240);
  });

  it("shuffles channels by reshaping, transposing and reshaping", async () => {
    const edited = await rewritten(CONV, (graph) => {
      const [input = -1] = graph.layers[0]?.inputs ?? [];
      const { id, form } = onlyConv(graph);
      const outputs = graph.layers[0]?.outputs ?? [];
      return {
        remove: [id],
        insert: [
          { name: "conv", form, inputs: [input], outputs: ["made"] },
          { name: "shuffle", form: { kind: "channel-shuffle", groups: 2 }, inputs: ["made"], outputs },
        ],
      };
    });
    assert.deepEqual(operators(edited), ["CONV_2D", "RESHAPE", "TRANSPOSE", "RESHAPE"]);
    const [shuffled, plain] = [
      await outputOf(await tfliteBytes(edited)),
      await outputOf(await tfliteBytes(await readSpec(CONV))),
    ];
    const order = [0, 3, 1, 4, 2, 5];
    assertNear(
      shuffled,
      plain.map((_, index) => plain[index - (index % 6) + (order[index % 6] ?? 0)] ?? NaN),
      0,
    );
  });

  it("stores weights of a float16 model in float16", async () => {
    const { tensors } = CONV;
    const half = { name: "half", type: "float16", shape: [6, 3, 3, 4], data: wave(216) } as const;
    const wide = { name: "weight", shape: [6, 3, 3, 4] };
    const spec: TfliteSpec = {
      ...CONV,
      tensors: [half, wide, ...tensors.filter(({ name }) => name !== "weight")],
      operators: [{ op: "DEQUANTIZE", version: 3, inputs: ["half"], outputs: ["weight"] }, ...CONV.operators],
    };
    const edited = await changed(
      ({ weight }) => ({
        weight: { ...newWeights(weight.shape, new Float32Array(216).fill(0.1)), dataType: weight.dataType },
      }),
      spec,
    );
    assert.deepEqual(operators(edited), ["DEQUANTIZE", "CONV_2D"]);
    const stored = edited.entries[0].graph.tensors.flatMap(({ constant }) =>
      constant?.dataType === "float16" ? [constant.storedBytes] : [],
    );
    assert.deepEqual(stored, [432]);
    const again = await readBytes(await tfliteBytes(edited));
    assert.deepEqual(operators(again), ["DEQUANTIZE", "CONV_2D"]);
  });
});

/** Two numbers to a map of 1×2×2, flattened, then a dense layer, all in int8. */
const QUANTIZED: TfliteSpec = {
  tensors: [
    { name: "in", type: "int8", shape: [1, 1, 2, 2], quantization: { scales: [0.1], zeroPoints: [3] } },
    { name: "shape", type: "int32", shape: [2], data: [1, 4] },
    { name: "flat", type: "int8", shape: [1, 4], quantization: { scales: [0.1], zeroPoints: [3] } },
    {
      name: "weight",
      type: "int8",
      shape: [2, 4],
      data: [1, -2, 3, -4, 5, -6, 7, -128],
      quantization: { scales: [0.5], zeroPoints: [0] },
    },
    { name: "bias", type: "int32", shape: [2], data: [100, -200], quantization: { scales: [0.05], zeroPoints: [0] } },
    { name: "out", type: "int8", shape: [1, 2], quantization: { scales: [0.7], zeroPoints: [-5] } },
  ],
  inputs: ["in"],
  outputs: ["out"],
  operators: [
    { op: "RESHAPE", inputs: ["in", "shape"], outputs: ["flat"] },
    {
      op: "FULLY_CONNECTED",
      version: 4,
      inputs: ["flat", "weight", "bias"],
      outputs: ["out"],
      options: new FullyConnectedOptionsT(),
    },
  ],
};

describe("Lowering quantized TFLite layers", function () {
  this.timeout(60_000);

  it("keeps integers and scales of weights that only change their shape", async () => {
    const model = await readSpec(QUANTIZED);
    const graph = liftModel(model);
    const context = { seed: 0 };
    const rewrite = await DENSE_TO_CONV.rewrite(graph, "out", {}, context);
    const edited = await lowerRewrite(model, graph, rewrite, { readsWeights: true });
    const { nodes, tensors } = edited.entries[0].graph;
    const conv = nodes.find(({ op }) => op === "CONV_2D");
    const [, weight, bias] = conv?.inputs.map((id) => tensors[id]) ?? [];
    assert.ok(weight?.constant && bias?.constant);
    assert.deepEqual([...((await readConstant(weight.constant)) ?? [])], [1, -2, 3, -4, 5, -6, 7, -128]);
    assert.deepEqual(weight.quantization?.scales, [0.5]);
    assert.deepEqual([...((await readConstant(bias.constant)) ?? [])], [100, -200]);
    assert.deepEqual(
      bias.quantization?.scales.map((scale) => Math.abs(scale - 0.05) < 1e-6),
      [true],
    );
    // The new tensor between holds what the old output does: it has its scheme.
    assert.deepEqual(tensors[conv?.outputs[0] ?? -1]?.quantization?.scales, [Math.fround(0.7)]);
    assert.deepEqual(await outputOf(await tfliteBytes(edited)), await outputOf(await tfliteBytes(model)));
  });

  it("refuses a new tensor whose range nothing tells", async () => {
    const edited = rewritten(QUANTIZED, (graph) => {
      const [layer] = graph.layersOf("dense");
      assert.ok(layer);
      const weight = newWeights([2, 4], new Float32Array(8));
      const second = { ...layer.form, weight: newWeights([2, 2], new Float32Array(4)) };
      return {
        remove: [layer.id],
        insert: [
          {
            name: "first",
            form: { ...layer.form, weight, bias: undefined },
            inputs: layer.inputs,
            outputs: ["between"],
          },
          { name: "second", form: second, inputs: ["between"], outputs: layer.outputs },
        ],
      };
    });
    await assert.rejects(edited, /nothing tells the range of a new tensor/);
  });

  it("fits a symmetric scheme to each channel", () => {
    const elements = Float32Array.of(1, -2, 0.5, 0.25);
    const scheme = schemeFor(elements, [2, 2], "int8", 0);
    assert.deepEqual(scheme.scales, [Math.fround(2 / 127), Math.fround(0.5 / 127)]);
    assert.deepEqual([...quantized(elements, [2, 2], "int8", scheme)], [64, -127, 127, 64]);
  });

  it("fits an asymmetric scheme, zero included, to unsigned weights", () => {
    const elements = Float32Array.of(1, 2, 3);
    const scheme = schemeFor(elements, [3], "uint8", undefined);
    assert.deepEqual([scheme.scales, scheme.zeroPoints], [[Math.fround(3 / 255)], [0]]);
    assert.deepEqual([...quantized(elements, [3], "uint8", scheme)], [85, 170, 255]);
  });
});
