import assert from "node:assert/strict";
import { MemorySource } from "../../../../profiler/bytes/memory-source.ts";
import { DEFAULT_HARDWARE } from "../../../../profiler/hardware/hardware.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { Random } from "../../../../profiler/numeric/random.ts";
import { analyseModel, costModel } from "../../../../profiler/profile-model.ts";
import { readModel } from "../../../../profiler/formats/formats.ts";
import { applyEdit, predictEdit } from "../../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../../profiler/editing/edit.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import { isKind } from "../../../../profiler/neutral/neutral-graph.ts";
import { LinearFit } from "../../../../profiler/restructure/approximation/linear-fit.ts";
import { RESTRUCTURINGS, restructuringOf } from "../../../../profiler/restructure/registry.ts";
import { isRefusal, NotApplicableError } from "../../../../profiler/restructure/restructuring.ts";
import { activationsOn } from "../../../../profiler/runtime/activation-source.ts";
import { compareRuns } from "../../../../profiler/runtime/compare-runs.ts";
import { graph, node, onnxModel, tensor, value } from "../../../builders/onnx-builder.ts";

/** Largest error of an output, relative to its range, that float32 rounding explains. */
const ROUNDING = 1e-5;

const random = (dims: readonly number[], seed: number) => {
  const count = dims.reduce((product, size) => product * size, 1);
  return [...new Random(seed).normals(count)].map((element) => element / Math.sqrt(count / (dims[0] ?? 1)));
};

interface ConvSketch {
  readonly kernel: number;
  readonly inputs?: number;
  readonly outputs?: number;
  readonly strides?: readonly number[];
  readonly pads?: readonly number[];
  readonly group?: number;
}

/** x → Conv → Relu → y on 12×12 maps. */
function convModel(sketch: ConvSketch): Uint8Array {
  const { kernel, inputs = 8, outputs = 16, strides = [1, 1], group = 1 } = sketch;
  const same = (kernel - 1) / 2;
  const pads = sketch.pads ?? [same, same, same, same];
  const weight = [outputs, inputs / group, kernel, kernel];
  return onnxModel({
    graph: graph(
      [
        node(
          "Conv",
          ["x", "w", "b"],
          ["c"],
          { kernel_shape: [kernel, kernel], pads, strides, group },
          { name: "conv" },
        ),
        node("Relu", ["c"], ["y"]),
      ],
      {
        inputs: [value("x", "float32", [1, inputs, 12, 12])],
        outputs: [value("y", "float32", [1, outputs, "h", "w"])],
        initializers: [
          tensor("w", "float32", weight, random(weight, 1)),
          tensor("b", "float32", [outputs], random([outputs], 2)),
        ],
      },
    ),
  });
}

/** x → Flatten → Gemm fc1 → Relu → Gemm fc2 → y. */
function headModel(): Uint8Array {
  const [first, second] = [
    [40, 96],
    [20, 40],
  ];
  return onnxModel({
    graph: graph(
      [
        node("Flatten", ["x"], ["f"]),
        node("Gemm", ["f", "w1", "b1"], ["d"], { transB: 1 }, { name: "fc1" }),
        node("Relu", ["d"], ["r"]),
        node("Gemm", ["r", "w2", "b2"], ["y"], { transB: 1 }, { name: "fc2" }),
      ],
      {
        inputs: [value("x", "float32", ["batch", 6, 4, 4])],
        outputs: [value("y", "float32", ["batch", 20])],
        initializers: [
          tensor("w1", "float32", first, random(first, 3)),
          tensor("b1", "float32", [40], random([40], 4)),
          tensor("w2", "float32", second, random(second, 5)),
          tensor("b2", "float32", [20], random([20], 6)),
        ],
      },
    ),
  });
}

const read = (bytes: Uint8Array): Promise<Model> =>
  readModel(new MemorySource("test.onnx", bytes), { open: () => Promise.reject(new Error("no data files")) });

/** What a prediction is exact about. Which of two orders a shuffle has, weights decide, and with it what is moved. */
function sizes(model: Model): Readonly<Record<string, number>> {
  const { parameters, macs, otherOps, weightBytes, unknownRows } = costModel(
    analyseModel(model, {}),
    DEFAULT_HARDWARE,
  ).totals;
  return { parameters, macs, otherOps, weightBytes, unknownRows };
}

async function errorOf(before: Model, after: Model): Promise<number> {
  const { outputs } = await compareRuns(before, after, { calibration: { count: 8, seed: 7 } });
  assert.equal(outputs.length, 1);
  const error = outputs[0]?.difference?.maxRelative;
  assert.ok(typeof error === "number");
  return error;
}

interface Case {
  readonly edit: string;
  readonly model: () => Uint8Array;
  /** At most this far from the original, without calibration data. */
  readonly error: number;
}

const conv = (sketch: ConvSketch) => () => convModel(sketch);

/** At full rank each is a way to write the same layer: the error is rounding. Cut down, it is an approximation. */
const CASES: readonly Case[] = [
  { edit: "dense-low-rank:fc1:rank=40", model: headModel, error: ROUNDING },
  { edit: "dense-low-rank:fc1:energy=0.9", model: headModel, error: 1 },
  { edit: "dense-low-rank:fc1:cost=0.5", model: headModel, error: 1 },
  { edit: "split-channels:conv:rank=16", model: conv({ kernel: 3 }), error: ROUNDING },
  { edit: "split-channels:conv:rank=16", model: conv({ kernel: 3, strides: [2, 2] }), error: ROUNDING },
  { edit: "split-channels:conv:cost=0.4", model: conv({ kernel: 3 }), error: 1 },
  { edit: "split-spatial:conv:rank=24", model: conv({ kernel: 3 }), error: ROUNDING },
  {
    edit: "split-spatial:conv:rank=24",
    model: conv({ kernel: 3, strides: [2, 1], pads: [0, 1, 1, 0] }),
    error: ROUNDING,
  },
  { edit: "split-spatial:conv:energy=0.95", model: conv({ kernel: 5 }), error: 1 },
  { edit: "separable:conv:multiplier=9", model: conv({ kernel: 3 }), error: ROUNDING },
  {
    edit: "separable:conv:multiplier=9",
    model: conv({ kernel: 3, strides: [2, 2], pads: [1, 1, 0, 0] }),
    error: ROUNDING,
  },
  { edit: "separable:conv:multiplier=1", model: conv({ kernel: 3 }), error: 1 },
  { edit: "stack-small-kernels:conv:channels=60", model: conv({ kernel: 5, inputs: 4 }), error: 1e-3 },
  // Colours have so few taps that the stack can be the layer itself.
  { edit: "stack-small-kernels:conv:channels=80", model: conv({ kernel: 7, inputs: 3 }), error: 1e-3 },
  { edit: "stack-small-kernels:conv", model: conv({ kernel: 7, strides: [2, 2] }), error: 1 },
  { edit: "stack-small-kernels:conv:relu=true", model: conv({ kernel: 5 }), error: 2 },
  { edit: "shrink-kernel:conv:share=0.5", model: conv({ kernel: 3 }), error: 1 },
  { edit: "shrink-kernel:conv:share=1", model: conv({ kernel: 3, strides: [2, 2] }), error: 1 },
  { edit: "group-and-shuffle:conv:groups=4", model: conv({ kernel: 3 }), error: 1 },
  { edit: "group-and-shuffle:conv:groups=2", model: conv({ kernel: 1 }), error: 1 },
  { edit: "dense-to-pooled-conv:fc1", model: headModel, error: 2 },
];

describe("approximate restructurings", function () {
  this.timeout(120_000);

  for (const { edit: text, model: bytes, error } of CASES) {
    it(`${text}: the edited model runs, costs what was predicted and is within ${error}`, async () => {
      const model = await read(bytes());
      const edit = parseEdit(text);
      const { after } = await applyEdit(model, edit);
      const predicted = await predictEdit(model, edit);
      if (predicted) assert.deepEqual(sizes(predicted), sizes(after));
      else assert.match(text, /energy=/, "only the weights' values can decide a rank by energy");
      assert.ok((await errorOf(model, after)) <= error);
    });
  }

  it("gives the same bits for the same seed", async () => {
    const model = await read(convModel({ kernel: 5 }));
    const edit = parseEdit("stack-small-kernels:conv:channels=6");
    const [one, two] = [await applyEdit(model, edit, { seed: 4 }), await applyEdit(model, edit, { seed: 4 })];
    assert.deepEqual(one.after, two.after);
  });

  it("gives the same bits for the same seed with samples too", async () => {
    const model = await read(headModel());
    const [one, two] = [await fittedTo(model, 4), await fittedTo(model, 4)];
    assert.deepEqual(one, two);
    assert.notDeepEqual(one, await fittedTo(model, 5), "other samples give other weights");
  });

  for (const text of ["dense-low-rank:fc1:rank=6", "dense-to-pooled-conv:fc1"]) {
    it(`${text}: real activations make it better than the weights alone do`, async () => {
      const model = await read(headModel());
      await assertSamplesHelp(model, text);
    });
  }

  for (const text of [
    "split-channels:conv:rank=5",
    "split-spatial:conv:rank=6",
    "separable:conv:multiplier=1",
    "shrink-kernel:conv:share=0.5",
    "group-and-shuffle:conv:groups=4",
  ]) {
    it(`${text}: real activations make it better than the weights alone do`, async () => {
      // Only smooth maps tell real inputs from noise: here, those of a blurring convolution before.
      await assertSamplesHelp(await read(blurredModel()), text);
    });
  }

  for (const text of ["shrink-kernel:conv:share=1", "group-and-shuffle:conv:groups=4"])
    it(`${text}: without samples the weights that stay are those that the layer has, to the bit`, async () => {
      const model = await read(convModel({ kernel: 3 }));
      const { after } = await applyEdit(model, parseEdit(text));
      const weightsOf = (one: Model): Promise<Float32Array> | undefined =>
        liftModel(one).layers.flatMap(({ form }) => (form.kind === "conv" ? [form.weight.read()] : []))[0];
      const [own, kept] = [new Set(await weightsOf(model)), await weightsOf(after)];
      assert.ok(kept && kept.length > 0 && kept.every((value) => own.has(value)));
    });

  it("makes no matrix of inputs by inputs without samples: that of a wide layer fits into no memory", async () => {
    const graph = liftModel(await read(convModel({ kernel: 3, inputs: 60_000, outputs: 1 })));
    const layer = graph.layer("conv");
    assert.ok(layer && isKind(layer, "conv"));
    const fit = await LinearFit.of(graph, layer, { seed: 1 });
    const { weight } = await fit.refitToSome([0, 1]);
    assert.deepEqual([...weight.data], [...fit.weight.data.subarray(0, 2)]);
  });

  it("ends between two fits of one layer when it is cancelled", async () => {
    const model = await read(blurredModel());
    const graph = liftModel(model);
    const layer = graph.layer("conv");
    assert.ok(layer && isKind(layer, "conv"));
    const cancelling = new AbortController();
    const activations = activationsOn(model, { count: 4, seed: 1 });
    const fit = await LinearFit.of(graph, layer, { seed: 1, activations, signal: cancelling.signal });
    await fit.refitToSome([0, 1]);
    cancelling.abort();
    await assert.rejects(fit.refitToSome([2, 3]), { name: "AbortError" });
  });

  it("says why a target does not fit", async () => {
    const model = await read(convModel({ kernel: 1 }));
    const graph = liftModel(model);
    const others = RESTRUCTURINGS.filter(
      (one) => !one.find(graph).some((finding) => finding.target === "conv" && !isRefusal(finding)),
    );
    assert.ok(others.length > RESTRUCTURINGS.length / 2);
    for (const { id } of others)
      await assert.rejects(
        applyEdit(model, { restructuring: id, target: "conv", options: {} }),
        NotApplicableError,
        id,
      );
    const [finding] = restructuringOf("separable").find(graph);
    assert.ok(finding && isRefusal(finding));
    assert.match(finding.reason, /1×1/);
  });

  it("refuses groups that do not divide the channels", async () => {
    const model = await read(convModel({ kernel: 3 }));
    await assert.rejects(applyEdit(model, parseEdit("group-and-shuffle:conv:groups=5")), /5 groups do not divide/);
  });
});

/** The file of a layer of low rank, fitted to random samples of a seed. */
async function fittedTo(model: Model, seed: number): Promise<Model> {
  const { after } = await applyEdit(model, parseEdit("dense-low-rank:fc1:rank=6"), {
    seed,
    activationsOf: (one) => activationsOn(one, { seed, count: 16 }),
  });
  return after;
}

/** x → blurring Conv → Conv "conv" → y. */
function blurredModel(): Uint8Array {
  const weight = [12, 8, 3, 3];
  const blur = Array.from({ length: 8 * 25 }, (_, index) => (1 + (index % 5)) / 75);
  return onnxModel({
    graph: graph(
      [
        node("Conv", ["x", "blur"], ["s"], { kernel_shape: [5, 5], pads: [2, 2, 2, 2], group: 8 }),
        node("Conv", ["s", "w"], ["y"], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }, { name: "conv" }),
      ],
      {
        inputs: [value("x", "float32", ["batch", 8, 12, 12])],
        outputs: [value("y", "float32", ["batch", 12, 12, 12])],
        initializers: [
          tensor("blur", "float32", [8, 1, 5, 5], blur),
          tensor("w", "float32", weight, random(weight, 8)),
        ],
      },
    ),
  });
}

async function assertSamplesHelp(model: Model, text: string): Promise<void> {
  const edit = parseEdit(text);
  const calibration = { count: 64, seed: 1 };
  const samples = activationsOn(model, calibration);
  const blind = await applyEdit(model, edit);
  const seeing = await applyEdit(model, edit, { activationsOf: () => samples });
  const rms = async (after: Model): Promise<number> => {
    const { outputs } = await compareRuns(model, after, { calibration });
    return outputs[0]?.difference?.rms ?? Infinity;
  };
  const [without, withSamples] = [await rms(blind.after), await rms(seeing.after)];
  assert.ok(withSamples < without, `${withSamples} with samples, ${without} without`);
  const { isUnfitted } = blind;
  assert.ok(isUnfitted && !seeing.isUnfitted, "who makes it without samples is told so");
}
