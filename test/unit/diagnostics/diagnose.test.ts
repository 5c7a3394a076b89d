import assert from "node:assert/strict";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { diagnose, diagnoseWeights, type WeightDiagnoses } from "../../../profiler/diagnostics/diagnose.ts";
import type { Diagnosis } from "../../../profiler/diagnostics/diagnosis.ts";
import type { RuleSettings } from "../../../profiler/diagnostics/rule.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { analyseModel, costModel, type AnalysedModel } from "../../../profiler/profile-model.ts";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import { modelBytes, readModel } from "../../../profiler/formats/formats.ts";
import { RESTRUCTURINGS } from "../../../profiler/restructure/registry.ts";
import { isRefusal } from "../../../profiler/restructure/restructuring.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import type { Profile } from "../../../profiler/profile.ts";
import { graph, node, onnxModel, tensor, value, type OnnxGraph } from "../../builders/onnx-builder.ts";
import type { Network } from "../../zoo/network.ts";
import { mobilenetV1 } from "../../zoo/networks/mobilenet-v1.ts";
import { NetworkBuilder } from "../../zoo/network-builder.ts";
import { vgg } from "../../zoo/networks/vgg.ts";
import { toBytes } from "../../zoo/file-segments.ts";
import { toOnnx } from "../../zoo/to-onnx.ts";
import { toTflite } from "../../zoo/to-tflite.ts";

const NOWHERE = { open: () => Promise.reject(new Error("no data files")) };

interface Looked {
  readonly analysed: AnalysedModel;
  readonly profile: Profile;
}

async function look(bytes: Uint8Array, file: string): Promise<Looked> {
  const analysed = analyseModel(await readModel(new MemorySource(file, bytes), NOWHERE), {});
  return { analysed, profile: costModel(analysed, DEFAULT_HARDWARE) };
}

function onnx(main: OnnxGraph): Promise<Looked> {
  return look(onnxModel({ graph: main }), "test.onnx");
}

async function found(model: Promise<Looked>, code: string, settings: RuleSettings = {}): Promise<readonly Diagnosis[]> {
  const { analysed, profile } = await model;
  return diagnose(analysed, profile, settings).filter((diagnosis) => diagnosis.code === code);
}

/** Weights are made by ConstantOfShape: nobody reads them here. */
function zoo(network: Network): Promise<Looked> {
  return look(toBytes(toOnnx(network, { weights: "folded" }).model), "zoo.onnx");
}

const NETWORK = vgg(16, { size: 64, classes: 10 });

describe("Diagnostics of a model", () => {
  it("find the fully connected head of VGG-16, with the restructurings that answer it", async () => {
    const model = zoo(NETWORK);
    const [head, ...others] = await found(model, "dense-head");
    const { profile } = await model;
    assert.ok(head);
    assert.deepEqual(others, []);
    assert.match(profile.layers[head.layer]?.name ?? "", /fc7/);
    assert.equal(head.related.length, 2);
    assert.match(head.message, /^3 dense layers hold \d\d\.\d % of the weights’ bytes/);
    assert.deepEqual(
      head.answers.map(({ restructuring }) => restructuring),
      ["dense-low-rank", "dense-to-pooled-conv", "dense-to-conv"],
    );
    assert.match(head.answers[0]?.target ?? "", /fc7/);
  });

  it("find layers that alone have more of the parameters than the threshold", async () => {
    const model = zoo(NETWORK);
    const names = async (settings: RuleSettings = {}): Promise<readonly string[]> => {
      const { layers } = (await model).profile;
      return (await found(model, "parameters-share", settings)).map(({ layer }) => layers[layer]?.op ?? "");
    };
    assert.deepEqual(await names(), ["Gemm"]);
    assert.deepEqual(await names({ "parameters-share": { severity: "warning", threshold: 0.6 } }), []);
    assert.deepEqual(await names({ "parameters-share": { severity: "off", threshold: 0 } }), []);
  });

  it("say nothing of shares while every layer has about the same", async () => {
    const widths = [8, 8, 8];
    const model = onnx(
      graph(
        widths.map((_, index) => node("Conv", [index === 0 ? "x" : `t${index - 1}`, "w"], [`t${index}`])),
        {
          inputs: [value("x", "float32", [1, 8, 16, 16])],
          outputs: ["t2"],
          initializers: [tensor("w", "float32", [8, 8, 1, 1])],
        },
      ),
    );
    assert.deepEqual(await found(model, "macs-share"), []);
  });

  it("find a batch normalisation that fits into the convolution before it, and layers without effect", async () => {
    const model = onnx(
      graph(
        [
          node("Conv", ["x", "w"], ["c"]),
          node("BatchNormalization", ["c", "s", "s", "s", "s"], ["n"]),
          node("Identity", ["n"], ["i"]),
          node("Relu", ["i"], ["y"]),
        ],
        {
          inputs: [value("x", "float32", [1, 3, 8, 8])],
          outputs: ["y"],
          initializers: [tensor("w", "float32", [4, 3, 3, 3]), tensor("s", "float32", [4], [1, 1, 1, 1])],
        },
      ),
    );
    const [norm] = await found(model, "unfused-batch-norm");
    assert.deepEqual(
      [norm?.layer, norm?.related, norm?.answers],
      [1, [0], [{ restructuring: "fold-batch-norm", target: "n" }]],
    );
    const [identity, ...others] = await found(model, "no-effect");
    assert.deepEqual([identity?.layer, others], [2, []]);
    assert.deepEqual(identity?.answers, [{ restructuring: "remove-no-ops", target: "i" }]);
  });

  it("find convolutions whose maps are made smaller behind them, but no global pool", async () => {
    const model = onnx(
      graph(
        [
          node("Conv", ["x", "w"], ["a"], { pads: [1, 1, 1, 1] }),
          node("MaxPool", ["a"], ["b"], { kernel_shape: [2, 2], strides: [2, 2] }),
          node("Conv", ["b", "v"], ["c"], { pads: [1, 1, 1, 1] }),
          node("GlobalAveragePool", ["c"], ["y"]),
        ],
        {
          inputs: [value("x", "float32", [1, 3, 32, 32])],
          outputs: ["y"],
          initializers: [tensor("w", "float32", [16, 3, 3, 3]), tensor("v", "float32", [16, 16, 3, 3])],
        },
      ),
    );
    const late = await found(model, "late-downsampling");
    assert.deepEqual(
      late.map(({ layer, related }) => [layer, related]),
      [[0, [1]]],
    );
  });

  it("find large kernels over all channels, and leave depthwise ones alone", async () => {
    const conv = (groups: number): Promise<Looked> =>
      onnx(
        graph([node("Conv", ["x", "w"], ["y"], { group: groups })], {
          inputs: [value("x", "float32", [1, 8, 16, 16])],
          outputs: ["y"],
          initializers: [tensor("w", "float32", [8, 8 / groups, 5, 5])],
        }),
      );
    assert.equal((await found(conv(1), "large-kernel")).length, 1);
    assert.deepEqual(await found(conv(8), "large-kernel"), []);
    assert.deepEqual(await found(conv(1), "large-kernel", { "large-kernel": { severity: "hint", threshold: 7 } }), []);
  });

  it("find the layer whose maps fill the arena, and doubles", async () => {
    const model = zoo(NETWORK);
    const { layers } = (await model).profile;
    const peak = await found(model, "peak-memory");
    assert.deepEqual(
      peak.map(({ layer }) => layers[layer]?.name),
      ["/features/conv1_2/Conv"],
    );
    assert.deepEqual(
      peak[0]?.answers.map(({ restructuring, target }) => [restructuring, target]),
      [
        ["downsample-earlier", "/features/conv1_2/Conv"],
        ["reduce-channels", "/features/conv1_2/Conv"],
        ["reduce-resolution", ""],
      ],
    );
    const doubles = onnx(graph([node("Neg", ["x"], ["y"])], { inputs: [value("x", "float64", [4])], outputs: ["y"] }));
    assert.equal((await found(doubles, "float64")).length, 1);
  });

  it("are answered for the whole model by those restructurings that take no layer as their target", async () => {
    const { analysed } = await zoo(NETWORK);
    const lifted = liftModel(analysed.model);
    const found = RESTRUCTURINGS.flatMap((one) => {
      const targets = one.find(lifted).flatMap((finding) => (isRefusal(finding) ? [] : [finding.target]));
      return targets.length === 0 ? [] : [{ id: one.id, targets, isOfWholeModel: one.isOfWholeModel === true }];
    });
    assert.ok(found.some(({ isOfWholeModel }) => isOfWholeModel));
    for (const { id, targets, isOfWholeModel } of found)
      assert.equal(
        targets.every((target) => target === ""),
        isOfWholeModel,
        id,
      );
  });

  it("find the same in TFLite as in ONNX", async () => {
    const codes = async (model: Promise<Looked>): Promise<readonly string[]> => {
      const { analysed, profile } = await model;
      return diagnose(analysed, profile).map(({ code }) => code);
    };
    const net = new NetworkBuilder();
    const maps = net.maxPool(net.relu(net.conv(net.image(3, 32), "conv", { out: 16, kernel: 5, pad: 2 })), {
      kernel: 2,
      stride: 2,
    });
    const network = net.finish("small", net.dense(net.relu(net.dense(net.flatten(maps), "fc1", 32)), "fc2", 10));
    const tflite = await codes(look(toBytes(toTflite(network)), "zoo.tflite"));
    const shared = (list: readonly string[]): readonly string[] =>
      [...new Set(list)].filter((code) => code !== "no-effect" && code !== "peak-memory").sort();
    assert.deepEqual(shared(tflite), shared(await codes(zoo(network))));
    assert.ok(tflite.includes("dense-head") && tflite.includes("large-kernel"));
  });

  it("have nothing to say of MobileNet’s head, kernels and normalisations", async () => {
    const { analysed, profile } = await zoo(mobilenetV1({ size: 64, classes: 10 }));
    const codes = new Set(diagnose(analysed, profile).map(({ code }) => code));
    for (const code of ["dense-head", "large-kernel", "no-effect", "macs-share", "float64"])
      assert.ok(!codes.has(code));
  });
});

describe("Diagnostics of weights", () => {
  const CHANNELS = 8;
  const PER_CHANNEL = 27;

  const convolution = (values: readonly number[]): Promise<Looked> =>
    onnx(
      graph([node("Conv", ["x", "w"], ["y"])], {
        inputs: [value("x", "float32", [1, 3, 8, 8])],
        outputs: ["y"],
        initializers: [tensor("w", "float32", [CHANNELS, 3, 3, 3], values)],
      }),
    );

  async function weights(values: readonly number[], settings: RuleSettings = {}): Promise<WeightDiagnoses> {
    const { analysed, profile } = await convolution(values);
    return diagnoseWeights(analysed, profile, settings);
  }

  const irregular = Array.from({ length: CHANNELS * PER_CHANNEL }, (_, index) => Math.sin(index * 1.7) + 0.1);

  it("find channels next to nothing beside the largest", async () => {
    const values = irregular.map((element, index) =>
      Math.floor(index / PER_CHANNEL) % 4 === 1 ? element * 1e-5 : element,
    );
    const { diagnoses, read, skipped } = await weights(values);
    assert.deepEqual([read, skipped], [1, 0]);
    assert.deepEqual(
      diagnoses.map(({ code, message }) => [code, message]),
      [["dead-channels", "2 of 8 output channels (25.0 %) have next to no weights: 1, 5."]],
    );
    const stricter = { "dead-channels": { severity: "warning", threshold: 1e-7 } } as const;
    assert.deepEqual((await weights(values, stricter)).diagnoses, []);
  });

  it("find float weights on a grid of 256 steps, of all or of each channel", async () => {
    const codes = async (values: readonly number[]): Promise<readonly string[]> =>
      (await weights(values)).diagnoses.map(({ code }) => code);
    const whole = irregular.map((_, index) => Math.fround((((index * 37) % 255) - 127) * 0.0123));
    assert.deepEqual(await codes(whole), ["int8-weights"]);
    assert.deepEqual((await weights(whole)).diagnoses[0]?.answers, [
      { restructuring: "quantize-weights", target: "y" },
      { restructuring: "share-weights", target: "y" },
      { restructuring: "quantize-model", target: "" },
    ]);
    const byChannel = whole.map((element, index) =>
      Math.fround(element * (1 + Math.floor(index / PER_CHANNEL) * 0.317)),
    );
    assert.deepEqual(await codes(byChannel), ["int8-weights"]);
    assert.deepEqual(await codes(irregular), []);
  });

  it("find weights next to zero, and the edit that prunes them", async () => {
    const values = irregular.map((element, index) => (index % 5 === 0 ? element : element * 1e-4));
    const { diagnoses } = await weights(values);
    assert.deepEqual(
      diagnoses.map(({ code, message, answers }) => [code, message, answers.map(({ restructuring }) => restructuring)]),
      [
        [
          "near-zero-weights",
          "79.6 % of the weights are within 1.0 % of the largest: pruned, they take no space.",
          ["prune-weights"],
        ],
      ],
    );
    const stricter = { "near-zero-weights": { severity: "warning", threshold: 0.9 } } as const;
    assert.deepEqual((await weights(values, stricter)).diagnoses, []);
  });

  it("find channels of very different ranges, and the edit that gives each a scale", async () => {
    const values = irregular.map((element, index) => (Math.floor(index / PER_CHANNEL) < 3 ? element / 50 : element));
    const { diagnoses } = await weights(values);
    assert.deepEqual(
      diagnoses.map(({ code, answers }) => [code, answers.map(({ restructuring }) => restructuring)]),
      [["uneven-channels", ["quantize-weights", "equalize-channels"]]],
    );
    assert.match(diagnoses[0]?.message ?? "", /differ 5\d times: .* 3 of 8 keep fewer than 4 of 8 bits/);
  });

  it("do not ask for what is done: numbers that the file stores in fewer bytes and widens say nothing of what it stores", async () => {
    // Sixty-fourths are float16 numbers: widened again, they lie on the grid that they lay on before.
    const values = irregular.map((_, index) => (((index * 37) % 255) - 127) / 64);
    assert.deepEqual(
      (await weights(values)).diagnoses.map(({ code }) => code),
      ["int8-weights"],
    );
    const { analysed } = await convolution(values);
    const { after } = await applyEdit(analysed.model, parseEdit("weights-float16:y"));
    const decoded = await look(await modelBytes(after), "decoded.onnx");
    const { diagnoses, read } = await diagnoseWeights(decoded.analysed, decoded.profile);
    assert.deepEqual([read, diagnoses], [1, []]);
  });

  it("tell of weights that two layers share once", async () => {
    const values = irregular.slice(0, CHANNELS * CHANNELS).map((_, index) => (((index * 37) % 255) - 127) / 64);
    const { analysed, profile } = await onnx(
      graph([node("Conv", ["x", "w"], ["t"]), node("Conv", ["t", "w"], ["y"])], {
        inputs: [value("x", "float32", [1, CHANNELS, 8, 8])],
        outputs: ["y"],
        initializers: [tensor("w", "float32", [CHANNELS, CHANNELS, 1, 1], values)],
      }),
    );
    const { diagnoses, read } = await diagnoseWeights(analysed, profile);
    assert.equal(read, 2);
    assert.deepEqual(
      diagnoses.map(({ code, layer }) => [code, layer]),
      [["int8-weights", 0]],
    );
  });

  it("stop when they are told to", async () => {
    const { analysed, profile } = await onnx(
      graph([node("MatMul", ["x", "w"], ["y"])], {
        inputs: [value("x", "float32", [1, 4])],
        outputs: ["y"],
        initializers: [tensor("w", "float32", [4, 4])],
      }),
    );
    await assert.rejects(diagnoseWeights(analysed, profile, {}, { signal: AbortSignal.abort() }), {
      name: "AbortError",
    });
  });
});
