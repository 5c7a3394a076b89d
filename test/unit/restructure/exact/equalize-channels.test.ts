import assert from "node:assert/strict";

import { applyEdit } from "../../../../profiler/editing/apply.ts";
import { modelBytes } from "../../../../profiler/formats/formats.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { isKind } from "../../../../profiler/neutral/neutral-graph.ts";
import { Random } from "../../../../profiler/numeric/random.ts";
import { restructuringOf } from "../../../../profiler/restructure/registry.ts";
import { isRefusal } from "../../../../profiler/restructure/restructuring.ts";
import { activationsOn } from "../../../../profiler/runtime/activation-source.ts";
import { compareRuns } from "../../../../profiler/runtime/compare-runs.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import {
  graph,
  node,
  onnxModel,
  tensor,
  value,
  type OnnxNode,
  type OnnxTensor,
} from "../../../builders/onnx-builder.ts";
import { assertExact, edit, ops, readBytes, weights } from "../edited-model.ts";

const EQUALIZE = edit("equalize-channels");

/** Each output channel of the first axis four times as large as the one before, or each input channel as much smaller. */
function uneven(name: string, dims: readonly [number, number, ...number[]], axis: 0 | 1, step = 4): OnnxTensor {
  const size = dims.slice(axis + 1).reduce((product, count) => product * count, 1);
  const [seed] = Buffer.from(name);
  const numbers = new Random(seed ?? 0).normals(dims.reduce((product, count) => product * count, 1));
  const channels = dims[axis];
  const factorOf = (at: number): number => step ** ((axis === 0 ? 1 : -1) * (Math.floor(at / size) % channels));
  return tensor(
    name,
    "float32",
    dims,
    Array.from(numbers, (number, at) => number * factorOf(at)),
  );
}

function model(nodes: readonly OnnxNode[], initializers: readonly OnnxTensor[]): Uint8Array {
  const inputs = [value("x", "float32", [2, 3, 8, 8])];
  const outputs = [value(nodes.at(-1)?.output?.[0] ?? "", "float32")];
  return onnxModel({ graph: graph(nodes, { inputs, outputs, initializers }) });
}

/** Convolution, depthwise convolution and dense layer, with what hands scales on between them. */
function network(activation = "Relu"): Uint8Array {
  return model(
    [
      node("Conv", ["x", "w", "b"], ["c"], { pads: [1, 1, 1, 1] }, { name: "first" }),
      node(activation, ["c"], ["r"]),
      node("MaxPool", ["r"], ["p"], { kernel_shape: [2, 2], strides: [2, 2] }),
      node("Conv", ["p", "d"], ["e"], { group: 6, pads: [1, 1, 1, 1] }, { name: "depthwise" }),
      node("LeakyRelu", ["e"], ["l"]),
      node("AveragePool", ["l"], ["a"], { kernel_shape: [2, 2], strides: [2, 2] }),
      node("Flatten", ["a"], ["f"]),
      node("Gemm", ["f", "g", "h"], ["y"], { transB: 1 }, { name: "dense" }),
    ],
    [
      uneven("w", [6, 3, 3, 3], 0),
      weights("b", [6]),
      uneven("d", [6, 1, 3, 3], 0, 1 / 4),
      weights("g", [5, 24]),
      weights("h", [5]),
    ],
  );
}

/** Largest weight of each output of a layer: the largest of them by the smallest. */
async function unevenness(edited: Model, name: string): Promise<number> {
  const layer = liftModel(edited).layer(name);
  assert.ok(layer && isKind(layer, "conv"));
  const elements = await layer.form.weight.read();
  const [rows = 1] = layer.form.weight.shape;
  const size = elements.length / rows;
  const ranges = Array.from({ length: rows }, (_, row) =>
    elements.subarray(row * size, (row + 1) * size).reduce((most, element) => Math.max(most, Math.abs(element)), 0),
  );
  return Math.max(...ranges) / Math.min(...ranges);
}

async function snr(before: Model, after: Model): Promise<number> {
  const { outputs } = await compareRuns(before, after, { calibration: { count: 8, seed: 3 } });
  return outputs[0]?.difference?.snr ?? 0;
}

describe("equalize-channels", () => {
  it("gives channels the same range on both sides of Relu, pooling and flattening, and computes what the model did", async () => {
    const bytes = network();
    const base = await readBytes(bytes);
    assert.ok((await unevenness(base, "first")) > 500);
    const { model: equal } = await assertExact(bytes, EQUALIZE);
    assert.ok((await unevenness(equal, "first")) < 4);
    assert.ok((await unevenness(equal, "depthwise")) < 4);
    assert.deepEqual(ops(equal), ops(base));
  });

  it("folds normalisations first", async () => {
    const parameters = ["s", "t", "m", "v"].map((name) => weights(name, [6], name === "v" ? "positive" : "any"));
    const bytes = model(
      [
        node("Conv", ["x", "w"], ["c"], {}, { name: "first" }),
        node("BatchNormalization", ["c", "s", "t", "m", "v"], ["n"]),
        node("Relu", ["n"], ["r"]),
        node("Conv", ["r", "u"], ["y"], { group: 2 }),
      ],
      [uneven("w", [6, 3, 3, 3], 0), ...parameters, uneven("u", [4, 3, 1, 1], 1)],
    );
    const { model: equal } = await assertExact(bytes, EQUALIZE);
    assert.deepEqual(ops(equal), ["Conv", "Relu", "Conv"]);
  });

  for (const [what, nodes] of [
    ["a function that scales change", [node("Sigmoid", ["c"], ["r"]), node("Conv", ["r", "u"], ["y"])]],
    [
      "a second reader",
      [node("Conv", ["c", "u"], ["e"]), node("ReduceMean", ["c"], ["q"]), node("Add", ["e", "q"], ["y"])],
    ],
    ["a mean over channels", [node("ReduceMean", ["c"], ["r"], { axes: [1] }), node("Conv", ["r", "o"], ["y"])]],
  ] as const) {
    it(`is refused with ${what} between the layers`, async () => {
      const first = node("Conv", ["x", "w"], ["c"]);
      const initializers = [weights("w", [6, 3, 3, 3]), weights("u", [4, 6, 1, 1]), weights("o", [4, 1, 1, 1])];
      const [finding] = restructuringOf("equalize-channels").find(
        liftModel(await readBytes(model([first, ...nodes], initializers))),
      );
      assert.ok(finding && isRefusal(finding));
      assert.match(finding.reason, /no two layers/);
    });
  }

  it("is what quantize-model does where weights have one scale and there are no samples", async () => {
    const base = await readBytes(network());
    const quantized = async (equalize: string, samples?: Parameters<typeof applyEdit>[2]): Promise<Uint8Array> => {
      const { after } = await applyEdit(base, edit("quantize-model", "", { scales: "tensor", equalize }), samples);
      return modelBytes(after);
    };
    const [auto, always, never] = [await quantized("auto"), await quantized("always"), await quantized("never")];
    assert.deepEqual(auto, always);
    const [better, worse] = [await snr(base, await readBytes(auto)), await snr(base, await readBytes(never))];
    assert.ok(better > worse + 10 && better > 20, `${better} dB, ${worse} dB without`);
    const samples = { activationsOf: (one: Model) => activationsOn(one, { count: 16, seed: 1 }) };
    assert.deepEqual(await quantized("auto", samples), await quantized("never", samples));
  });
});
