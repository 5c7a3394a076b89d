import assert from "node:assert/strict";

import { activationsOn } from "../../../../profiler/runtime/activation-source.ts";
import { applyEdit, predictEdit } from "../../../../profiler/editing/apply.ts";
import { onnxBytes } from "../../../../profiler/formats/onnx/write.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import { Random } from "../../../../profiler/numeric/random.ts";
import {
  graph,
  node,
  onnxModel,
  tensor,
  value,
  type OnnxNode,
  type OnnxTensor,
} from "../../../builders/onnx-builder.ts";
import { assertSameOutputs, edit, edited, EXACT, readBytes, run, seededFeeds, weights } from "../edited-model.ts";

const CHANNELS = 6;
/** Of the normalization: channels 1 and 4 are their shift and nothing else, whatever comes in. */
const SCALES = [1, 0, 0.5, -1, 0, 2];
const SHIFTS = [0.1, 1.5, -0.2, 0.3, -0.7, 0];

/** Hands the input on, which is normal with mean 0 and deviation 1. */
const FIRST = tensor(
  "first",
  "float32",
  [CHANNELS, CHANNELS, 1, 1],
  Array.from({ length: CHANNELS ** 2 }, (_, index) => Number(index % (CHANNELS + 1) === 0)),
);

/** A normalized convolution, and what reads it in some way. */
function network(between: readonly OnnxNode[], initializers: readonly OnnxTensor[] = []): Promise<Model> {
  const nodes = [
    node("Conv", ["x", "first"], ["a"], {}, { name: "first" }),
    node("BatchNormalization", ["a", "scale", "shift", "mean", "variance"], ["n"]),
    ...between,
  ];
  const all = [
    FIRST,
    tensor("scale", "float32", [CHANNELS], SCALES),
    tensor("shift", "float32", [CHANNELS], SHIFTS),
    tensor("mean", "float32", [CHANNELS], [0, 0, 0, 0, 0, 0]),
    tensor("variance", "float32", [CHANNELS], [1, 1, 1, 1, 1, 1]),
    ...initializers,
  ];
  const inputs = [value("x", "float32", ["n", CHANNELS, 8, 8])];
  return readBytes(onnxModel({ graph: graph(nodes, { inputs, outputs: ["y"], initializers: all }) }));
}

const READER = weights("second", [4, CHANNELS, 3, 3]);
const READ = node("Conv", ["b", "second", "bias"], ["y"], {}, { name: "second" });
const BIAS = weights("bias", [4]);

const READ_NORM = node("Conv", ["n", "second", "bias"], ["y"], {}, { name: "second" });

/** What stands between the normalization and the layer that reads it. */
const WAYS: Readonly<Record<string, readonly [readonly OnnxNode[], ...OnnxTensor[]]>> = {
  "a rectifier": [[node("Relu", ["n"], ["b"]), READ], READER, BIAS],
  "a swish of two operators": [[node("Sigmoid", ["n"], ["g"]), node("Mul", ["n", "g"], ["b"]), READ], READER, BIAS],
  "a hard swish": [[node("HardSwish", ["n"], ["b"]), READ], READER, BIAS],
  "a clip": [
    [node("Clip", ["n", "low", "high"], ["b"]), READ],
    READER,
    BIAS,
    tensor("low", "float32", [], [-0.5]),
    tensor("high", "float32", [], [1]),
  ],
  pools: [
    [
      node("MaxPool", ["n"], ["p"], { kernel_shape: [2, 2] }),
      node("AveragePool", ["p"], ["b"], { kernel_shape: [2, 2] }),
      READ,
    ],
    READER,
    BIAS,
  ],
  "factors and terms": [
    [node("Mul", ["n", "factor"], ["f"]), node("Sub", ["two", "f"], ["b"]), READ],
    READER,
    BIAS,
    tensor("factor", "float32", [1, CHANNELS, 1, 1], [1, 2, 3, 4, 5, 6]),
    tensor("two", "float32", [], [2]),
  ],
  "an addition to itself": [[node("Relu", ["n"], ["r"]), node("Add", ["n", "r"], ["b"]), READ], READER, BIAS],
  "a joined copy": [
    [node("Relu", ["n"], ["r"]), node("Concat", ["n", "r"], ["b"], { axis: 1 }), READ],
    weights("second", [4, 2 * CHANNELS, 3, 3]),
    BIAS,
  ],
  "a flattened dense layer": [
    [
      node("GlobalAveragePool", ["n"], ["p"]),
      node("Flatten", ["p"], ["b"]),
      node("Gemm", ["b", "second", "bias"], ["y"], {}, { name: "second" }),
    ],
    weights("second", [CHANNELS, 4]),
    BIAS,
  ],
  "a normalization that holds the mean": [
    [
      node("Relu", ["n"], ["b"]),
      node("Conv", ["b", "second"], ["c"], {}, { name: "second" }),
      node("BatchNormalization", ["c", "bias", "bias", "bias", "spread"], ["y"]),
    ],
    READER,
    BIAS,
    weights("spread", [4], "positive"),
  ],
};

/** Where means and deviations are known, though nothing is constant. */
const NORMAL_WAYS: typeof WAYS = {
  "a rectifier": [[node("Relu", ["n"], ["b"]), READ], READER, BIAS],
  "squeeze and excitation": [
    [
      node("GlobalAveragePool", ["n"], ["squeezed"]),
      node("Conv", ["squeezed", "gate", "opening"], ["excited"], {}, { name: "gate" }),
      node("HardSigmoid", ["excited"], ["g"]),
      node("Mul", ["n", "g"], ["b"]),
      READ,
    ],
    READER,
    BIAS,
    weights("gate", [CHANNELS, CHANNELS, 1, 1]),
    weights("opening", [CHANNELS]),
  ],
};

/** Where two channels of one layer meet: they vary by themselves. */
const HALVES: typeof WAYS = {
  "a gated half": [
    [
      node("Split", ["n", "halves"], ["l", "r"], { axis: 1 }),
      node("Sigmoid", ["r"], ["g"]),
      node("Mul", ["l", "g"], ["b"]),
      READ,
    ],
    weights("second", [4, CHANNELS / 2, 3, 3]),
    BIAS,
    tensor("halves", "int64", [2], [CHANNELS / 2, CHANNELS / 2]),
  ],
};

describe("reduce-channels without samples", () => {
  for (const [way, [between, ...initializers]] of Object.entries(WAYS)) {
    it(`takes out what batch normalization makes constant, without a trace: through ${way}`, async () => {
      const model = await network(between, initializers);
      const feeds = seededFeeds(model, 3);
      const { bytes } = await edited(model, edit("reduce-channels", "first", { keep: 4 }));
      assertSameOutputs(await run(bytes, feeds), await run(await onnxBytes(model), feeds), EXACT);
    });
  }

  for (const [way, [between, ...initializers]] of Object.entries({ ...NORMAL_WAYS, ...HALVES }))
    it(`gives the outputs behind the mean and the variance that they had: through ${way}`, async () => {
      const model = await network(between, initializers);
      const [plain, corrected] = [
        (await applyEdit(model, edit("reduce-channels", "first", { keep: 2, refit: false }))).after,
        (await applyEdit(model, edit("reduce-channels", "first", { keep: 2 }))).after,
      ];
      const before = await momentsOf(model);
      const [without, after] = [await momentsOf(plain), await momentsOf(corrected)];
      for (const moment of ["means", "deviations"] as const) {
        const [lost, left] = [distance(without[moment], before[moment]), distance(after[moment], before[moment])];
        assert.ok(left < lost / 5, `${moment}: ${left} against ${lost}`);
      }
    });

  it("writes no bias that is infinite, where a mean would be", async () => {
    const model = await network(
      [node("Relu", ["n"], ["r"]), node("Div", ["one", "r"], ["b"]), READ],
      [READER, BIAS, tensor("one", "float32", [], [1])],
    );
    const { after } = await applyEdit(model, edit("reduce-channels", "first", { keep: 3 }));
    const bias = liftModel(after).layer("second")?.form;
    assert.ok(bias?.kind === "conv" && (await bias.bias?.read())?.every(Number.isFinite));
  });

  for (const [title, norm] of Object.entries({
    "batch normalization": node("BatchNormalization", ["a", "scale", "shift", "mean", "variance"], ["n"]),
    "instance normalization": node("InstanceNormalization", ["a", "scale", "shift"], ["n"]),
  }))
    it(`takes out channels whose filters are zeros, whatever ${title} says of them`, async () => {
      const nodes = [node("Conv", ["x", "first", "offset"], ["a"], {}, { name: "first" }), norm, READ_NORM];
      const initializers = [
        tensor(
          "first",
          "float32",
          [CHANNELS, CHANNELS, 1, 1],
          Array.from({ length: CHANNELS ** 2 }, (_, index) => (Math.floor(index / CHANNELS) % 3 === 1 ? 0 : index % 5)),
        ),
        ...["offset", "scale", "shift", "mean"].map((name) => weights(name, [CHANNELS])),
        weights("variance", [CHANNELS], "positive"),
        READER,
        BIAS,
      ];
      const inputs = [value("x", "float32", ["n", CHANNELS, 8, 8])];
      const model = await readBytes(onnxModel({ graph: graph(nodes, { inputs, outputs: ["y"], initializers }) }));
      const feeds = seededFeeds(model, 3);
      const { bytes } = await edited(model, edit("reduce-channels", "first", { keep: 4 }));
      assertSameOutputs(await run(bytes, feeds), await run(await onnxBytes(model), feeds), EXACT);
    });

  it("changes no number where nothing tells what the channels are", async () => {
    const nodes = [node("Conv", ["x", "first"], ["n"], {}, { name: "first" }), node("Relu", ["n"], ["b"]), READ];
    const inputs = [value("x", "float32", ["n", CHANNELS, 8, 8])];
    const initializers = [FIRST, READER, BIAS];
    const model = await readBytes(onnxModel({ graph: graph(nodes, { inputs, outputs: ["y"], initializers }) }));
    const feeds = seededFeeds(model, 3);
    const [plain, corrected] = await Promise.all(
      [false, true].map(async (refit) => {
        const { after } = await applyEdit(model, edit("reduce-channels", "first", { keep: 4, refit }));
        return run(await onnxBytes(after), feeds);
      }),
    );
    assert.deepEqual(corrected, plain);
  });

  for (const { with: how, samples } of [
    { with: "without samples" },
    { with: "with samples", samples: { count: 16 } },
  ] as const) {
    it(`writes a file of the size that was predicted, ${how}`, async () => {
      const model = await network([node("Relu", ["n"], ["b"]), READ], [READER, BIAS]);
      const one = edit("reduce-channels", "first", { keep: 3 });
      const options = samples === undefined ? {} : { activationsOf: (each: Model) => activationsOn(each, samples) };
      const predicted = await predictEdit(model, one);
      const { after } = await applyEdit(model, one, options);
      assert.equal(predicted?.fileBytes, (await onnxBytes(after)).length);
    });
  }
});

interface Moments {
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/** Of each output channel, on normal numbers. */
async function momentsOf(model: Model): Promise<Moments> {
  const shape = [256, CHANNELS, 8, 8];
  const data = new Random(5).normals(shape.reduce((product, size) => product * size, 1));
  const { y = new Float32Array() } = await run(await onnxBytes(model), { x: { shape, data } });
  const [channels, positions] = [4, 36];
  const valuesOf = (channel: number): readonly number[] =>
    [...y].filter((_, index) => Math.floor(index / positions) % channels === channel);
  const means = Array.from({ length: channels }, (_, channel) => meanOf(valuesOf(channel)));
  const deviations = means.map((mean, channel) =>
    Math.sqrt(meanOf(valuesOf(channel).map((value) => (value - mean) ** 2))),
  );
  return { means, deviations };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, index) => value - (b[index] ?? NaN)));
}
