import assert from "node:assert/strict";

import { onnxBytes } from "../../../../profiler/formats/onnx/write.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { Random } from "../../../../profiler/numeric/random.ts";
import { applyEdit } from "../../../../profiler/editing/apply.ts";
import type { EditOptions } from "../../../../profiler/restructure/options.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import { REDUCE_CHANNELS } from "../../../../profiler/restructure/restructurings/reduce-channels/reduce-channels.ts";
import { isRefusal, NotApplicableError } from "../../../../profiler/restructure/restructuring.ts";
import { activationsOn } from "../../../../profiler/runtime/activation-source.ts";
import {
  graph,
  node,
  onnxModel,
  tensor,
  value,
  type OnnxNode,
  type OnnxTensor,
} from "../../../builders/onnx-builder.ts";
import { assertSameOutputs, edit, edited, readBytes, run, seededFeeds, weights } from "../edited-model.ts";

/** What a fit in float32 leaves of outputs that can be had exactly. */
const FITTED = 1e-3;

const SAMPLES = { count: 48 };

function network(nodes: readonly OnnxNode[], initializers: readonly OnnxTensor[]): Promise<Model> {
  const inputs = [value("x", "float32", ["n", 3, 8, 8])];
  const outputs = [nodes.at(-1)?.output?.[0] ?? ""];
  return readBytes(onnxModel({ graph: graph(nodes, { inputs, outputs, initializers }) }));
}

const same = { pads: [1, 1, 1, 1] };

/** Two convolutions with a ReLU between, the first filters being given. */
function pair(
  filters: readonly (readonly number[])[],
  second = weights("second", [4, filters.length, 3, 3]),
): Promise<Model> {
  const nodes = [
    node("Conv", ["x", "first", "bias"], ["a"], same, { name: "first" }),
    node("Relu", ["a"], ["b"]),
    node("Conv", ["b", "second", "shift"], ["y"], same, { name: "second" }),
  ];
  const first = tensor("first", "float32", [filters.length, 3, 3, 3], filters.flat());
  const biases = [weights("bias", [filters.length]), weights("shift", [4])];
  return network(nodes, [first, second, ...biases]);
}

function filter(seed: number, factor = 1): readonly number[] {
  return Array.from(new Random(seed).normals(27), (each) => factor * each);
}

function reduced(model: Model, options: EditOptions, target = "first"): Promise<Model> {
  return applyEdit(model, edit("reduce-channels", target, options), {
    activationsOf: (one) => activationsOn(one, SAMPLES),
  }).then(({ after }) => after);
}

/** Which filters of the first convolution are still there. */
async function keptFilters(model: Model, filters: readonly (readonly number[])[]): Promise<readonly number[]> {
  const form = liftModel(model).layer("first")?.form;
  assert.ok(form?.kind === "conv");
  const elements = await form.weight.read();
  return Array.from({ length: elements.length / 27 }, (_, channel) =>
    filters.findIndex((each) => Math.fround(each[0] ?? 0) === elements[27 * channel]),
  );
}

describe("reduce-channels", () => {
  it("ties what a residual adds, and says so", async () => {
    const model = await network(
      [
        node("Conv", ["x", "stem"], ["a"], same, { name: "stem" }),
        node("Conv", ["a", "inner"], ["b"], same, { name: "inner" }),
        node("Conv", ["b", "outer"], ["c"], same, { name: "outer" }),
        node("Add", ["a", "c"], ["d"]),
        node("Conv", ["d", "last"], ["y"], same, { name: "last" }),
      ],
      [
        weights("stem", [8, 3, 3, 3]),
        weights("inner", [6, 8, 3, 3]),
        weights("outer", [8, 6, 3, 3]),
        weights("last", [2, 8, 3, 3]),
      ],
    );
    const findings = REDUCE_CHANNELS.find(liftModel(model));
    assert.deepEqual(
      findings.map((finding) => [finding.target, isRefusal(finding) ? finding.reason : finding.why]),
      [
        ["", "one width multiplier for 2 groups of channels"],
        ["stem", "8 channels, tied to those of 1 more layer"],
        ["inner", "6 channels"],
        ["last", "its channels must stay: they are an output of the model"],
      ],
    );
    const { model: after } = await edited(model, edit("reduce-channels", "outer", { keep: 5 }));
    const shapes = liftModel(after)
      .layersOf("conv")
      .map(({ form }) => form.weight.shape.slice(0, 2));
    assert.deepEqual(shapes, [
      [5, 3],
      [6, 5],
      [5, 6],
      [2, 5],
    ]);
  });

  it("takes channels where the next layers miss them least, if MACs are shared out by error", async () => {
    const faint = Array.from(new Random(5).normals(8 * 27), (value, index) => (index < 4 * 27 ? value : value / 1000));
    const nodes = [
      node("Conv", ["x", "faint"], ["a"], same, { name: "first" }),
      node("Conv", ["a", "wide"], ["b"], same, { name: "wide" }),
      node("Relu", ["b"], ["r"]),
      node("Conv", ["r", "last"], ["y"], same, { name: "last" }),
    ];
    const model = await network(nodes, [
      tensor("faint", "float32", [8, 3, 3, 3], faint),
      weights("wide", [8, 8, 3, 3]),
      weights("last", [4, 8, 3, 3]),
    ]);
    const shared = edit("reduce-channels", "", { macs: 0.65, allocation: "error" });
    const { after } = await applyEdit(model, shared, { activationsOf: (one) => activationsOn(one, SAMPLES) });
    const sizes = ["a", "r"].map((name) => liftModel(after).tensors.find((each) => each.name === name)?.shape?.[1]);
    assert.deepEqual(sizes, [4, 8], "half of the first layer makes next to nothing");
    const unsaid = edit("reduce-channels", "", { macs: 0.65 });
    const byDefault = await applyEdit(model, unsaid, { activationsOf: (one) => activationsOn(one, SAMPLES) });
    assert.deepEqual(
      await onnxBytes(byDefault.after),
      await onnxBytes(after),
      "with samples that is how they are shared out",
    );
    await assert.rejects(applyEdit(model, shared), /needs calibration data/);
    await assert.rejects(
      applyEdit(model, edit("reduce-channels", "wide", { macs: 0.6, allocation: "error" })),
      /is for a share of the whole model's MACs/,
    );
  });

  it("rounds widths to a multiple, where a layer has as many, and says the same before", async () => {
    const nodes = [
      node("Conv", ["x", "w1"], ["a"], same, { name: "wide" }),
      node("Conv", ["a", "w2"], ["b"], same, { name: "narrow" }),
      node("Conv", ["b", "w3"], ["y"], same, { name: "last" }),
    ];
    const model = await network(nodes, [
      weights("w1", [20, 3, 3, 3]),
      weights("w2", [6, 20, 3, 3]),
      weights("w3", [2, 6, 3, 3]),
    ]);
    for (const [options, widths] of [
      [{ ratio: 0.7 }, [14, 4, 2]],
      [{ ratio: 0.7, multiple: 8 }, [16, 6, 2]],
      [{ macs: 0.5, multiple: 8 }, [8, 6, 2]],
      [{ macs: 0.5, multiple: 8, allocation: "error" }, [8, 6, 2]],
      [{ keep: 11, multiple: 8 }, [11, 6, 2]],
    ] as const) {
      const target = "keep" in options ? "wide" : "";
      const { after } = await applyEdit(model, edit("reduce-channels", target, options), {
        activationsOf: (one) => activationsOn(one, SAMPLES),
      });
      const convolutions = liftModel(after).layersOf("conv");
      assert.deepEqual(
        convolutions.map(({ form }) => form.weight.shape[0]),
        widths,
        JSON.stringify(options),
      );
    }
    await assert.rejects(
      applyEdit(model, edit("reduce-channels", "", { macs: 0.1, multiple: 8 })),
      /even 8 channels each need more than 0.1/,
    );
  });

  it("goes through local response normalization", async () => {
    const nodes = [
      node("Conv", ["x", "w1"], ["c"], {}, { name: "first" }),
      node("LRN", ["c"], ["l"], { size: 3 }),
      node("Conv", ["l", "w2"], ["y"], {}, { name: "second" }),
    ];
    const model = await network(nodes, [weights("w1", [8, 3, 3, 3]), weights("w2", [5, 8, 1, 1])]);
    const { bytes, written } = await edited(model, edit("reduce-channels", "first", { keep: 4 }));
    assert.equal(liftModel(written).tensors.find(({ name }) => name === "l")?.shape?.[1], 4);
    await run(bytes, seededFeeds(model));
  });

  it("says of one group of all channels, however it is written, that those that stay would change", async () => {
    const ends = [
      node("Conv", ["x", "first"], ["a"], same, { name: "first" }),
      node("Conv", ["b", "second"], ["y"], same, { name: "second" }),
    ] as const;
    const filters = [weights("first", [8, 3, 3, 3]), weights("second", [4, 8, 3, 3])];
    const ones = (name: string, size: number): OnnxTensor => tensor(name, "float32", [size], new Array(size).fill(1));
    const reshape = (from: string, to: string, sizes: readonly number[]): readonly [OnnxNode, OnnxTensor] => [
      node("Reshape", [from, `${to}.sizes`], [to]),
      tensor(`${to}.sizes`, "int64", [sizes.length], sizes),
    ];
    const [grouped, groups] = reshape("a", "grouped", [0, 1, -1]);
    const [apart, channels] = reshape("normed", "b", [-1, 8, 8, 8]);
    const scales = [ones("scale", 1), ones("bias", 1)];
    const exported = [grouped, node("InstanceNormalization", ["grouped", "scale", "bias"], ["normed"]), apart];
    const native = node("GroupNormalization", ["a", "scale", "bias"], ["b"], { num_groups: 1 });
    for (const [between, constants, opset] of [
      [exported, [...scales, groups, channels], 17],
      [[native], [ones("scale", 8), ones("bias", 8)], 21],
    ] as const) {
      const nodes = [ends[0], ...between, ends[1]];
      const inputs = [value("x", "float32", [1, 3, 8, 8])];
      const whole = graph(nodes, { inputs, outputs: ["y"], initializers: [...filters, ...constants] });
      const model = await readBytes(onnxModel({ graph: whole, opset }));
      await assert.rejects(reduced(model, { keep: 4 }, "first"), /Normalization ".*" normalises over them/);
    }
  });

  it("takes out the filters with the smallest weights", async () => {
    const filters = [filter(1), filter(2, 0.1), filter(3), filter(4, 0.2), filter(5)];
    const after = await reduced(await pair(filters), { keep: 3, importance: "l1", refit: false });
    assert.deepEqual(await keptFilters(after, filters), [0, 2, 4]);
  });

  it("takes out the channels that batch normalization scales least", async () => {
    const filters = [filter(1), filter(2), filter(3, 0.1), filter(4)];
    const model = await network(
      [
        node("Conv", ["x", "first"], ["a"], same, { name: "first" }),
        node("BatchNormalization", ["a", "scale", "zero", "zero", "one"], ["b"]),
        node("Conv", ["b", "second"], ["y"], same, { name: "second" }),
      ],
      [
        tensor("first", "float32", [4, 3, 3, 3], filters.flat()),
        weights("second", [2, 4, 3, 3]),
        tensor("scale", "float32", [4], [0.1, -2, 3, 0.2]),
        tensor("zero", "float32", [4], [0, 0, 0, 0]),
        tensor("one", "float32", [4], [1, 1, 1, 1]),
      ],
    );
    const after = await reduced(model, { ratio: 0.5, importance: "batch-norm", refit: false });
    assert.deepEqual(await keptFilters(after, filters), [1, 2]);
    await assert.rejects(reduced(await pair(filters), { importance: "batch-norm" }), /no batch normalisation scales/);
  });

  it("takes out the channels that the next layer makes least of, however large their filters", async () => {
    const filters = [filter(1), filter(2, 5), filter(3), filter(4, 5)];
    const reads = new Random(7)
      .normals(4 * 4 * 9)
      .map((each, index) => (Math.floor(index / 9) % 2 === 1 ? each / 100 : each));
    const model = await pair(filters, tensor("second", "float32", [4, 4, 3, 3], [...reads]));
    const after = await reduced(model, { ratio: 0.5, importance: "reconstruction", refit: false });
    assert.deepEqual(await keptFilters(after, filters), [0, 2]);
    assert.deepEqual(await keptFilters(await reduced(model, { ratio: 0.5 }), filters), [0, 2], "as without saying");
    const blind = (await applyEdit(model, edit("reduce-channels", "first"))).after;
    assert.deepEqual(await keptFilters(blind, filters), [1, 3], "by the filters without samples");
    await assert.rejects(
      applyEdit(model, edit("reduce-channels", "first", { importance: "reconstruction" })),
      /needs calibration data/,
    );
  });

  it("makes up for a channel that others can stand for", async () => {
    // Every channel is there twice, the second time at half the size: the layer behind can do without.
    const filters = [1, 2, 3].flatMap((seed) => [filter(seed), filter(seed, 0.5)]);
    const nodes = [
      node("Conv", ["x", "first"], ["a"], same, { name: "first" }),
      node("Relu", ["a"], ["b"]),
      node("Conv", ["b", "second"], ["c"], same, { name: "second" }),
      node("GlobalAveragePool", ["c"], ["d"]),
      node("Flatten", ["d"], ["e"]),
      node("Gemm", ["e", "dense"], ["y"]),
    ];
    const model = await network(nodes, [
      tensor("first", "float32", [6, 3, 3, 3], filters.flat()),
      weights("second", [4, 6, 3, 3]),
      weights("dense", [4, 5]),
    ]);
    const feeds = seededFeeds(model, 9);
    const expected = await run(await onnxBytes(model), feeds);
    const fitted = await reduced(model, { keep: 3, importance: "l1" });
    assert.deepEqual(await keptFilters(fitted, filters), [0, 2, 4]);
    assertSameOutputs(await run(await onnxBytes(fitted), feeds), expected, FITTED);
    const unfitted = await run(
      await onnxBytes(await reduced(model, { keep: 3, importance: "l1", refit: false })),
      feeds,
    );
    assert.throws(() => assertSameOutputs(unfitted, expected, 100 * FITTED));
  });

  it("lets the mean of normalization take over what a constant channel gave, through depthwise layers too", async () => {
    const nothing = new Array<number>(27).fill(0);
    const filters = [filter(1), nothing, filter(2), filter(2, 0.5), nothing, filter(3)];
    const model = await network(
      [
        node("Conv", ["x", "first", "bias"], ["a"], same, { name: "first" }),
        node("Relu", ["a"], ["b"]),
        node("Conv", ["b", "depthwise"], ["c"], { group: 6 }, { name: "depthwise" }),
        node("Conv", ["c", "pointwise"], ["d"], {}, { name: "pointwise" }),
        node("BatchNormalization", ["d", "scale", "shift", "mean", "variance"], ["y"]),
      ],
      [
        tensor("first", "float32", [6, 3, 3, 3], filters.flat()),
        tensor("bias", "float32", [6], [0, 1, 0, 0, 2, 0]),
        weights("depthwise", [6, 1, 1, 1]),
        weights("pointwise", [4, 6, 1, 1]),
        weights("scale", [4]),
        weights("shift", [4]),
        weights("mean", [4]),
        weights("variance", [4], "positive"),
      ],
    );
    const after = await reduced(model, { keep: 3, importance: "l1" });
    assert.deepEqual(await keptFilters(after, filters), [0, 2, 5]);
    assert.equal(
      liftModel(after)
        .layersOf("conv")
        .filter(({ form }) => form.bias).length,
      1,
      "no bias is added",
    );
    const feeds = seededFeeds(model, 9);
    assertSameOutputs(await run(await onnxBytes(after), feeds), await run(await onnxBytes(model), feeds), FITTED);
    assert.deepEqual(
      await onnxBytes(await reduced(model, { keep: 3, importance: "l1" })),
      await onnxBytes(after),
      "the same bits each time",
    );
  });

  it("gives the same file, bit for bit, with the same samples and seed", async () => {
    const model = await pair([1, 2, 3, 4, 5, 6].map((seed) => filter(seed)));
    const file = async (seed: number): Promise<Uint8Array> => {
      const { after } = await applyEdit(model, edit("reduce-channels", "first", { keep: 3 }), {
        seed,
        activationsOf: (one) => activationsOn(one, SAMPLES),
      });
      return onnxBytes(after);
    };
    const [one, two] = [await file(4), await file(4)];
    assert.deepEqual(one, two);
    assert.notDeepEqual(one, await file(5), "another seed looks at other positions");
  });

  for (const [options, target, message] of [
    [{ ratio: 0.5, keep: 3 }, "first", /give one of ratio, keep and macs/],
    [{ keep: 3 }, "", /keep is for one layer/],
    [{ macs: 0.001 }, "first", /even one channel each/],
    [{}, "nowhere", /there is no such layer/],
    [{}, "second", /they are an output of the model/],
    [{}, "b", /Relu makes no channels/],
  ] as const) {
    it(`refuses ${JSON.stringify(options)} on "${target}"`, async () => {
      const model = await pair([filter(1), filter(2), filter(3)]);
      await assert.rejects(reduced(model, options, target), (error) => {
        assert.ok(error instanceof NotApplicableError);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});
