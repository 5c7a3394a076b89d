import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileSource } from "../../../../profiler/bytes/file-source.ts";
import { diagnose } from "../../../../profiler/diagnostics/diagnose.ts";
import { DEFAULT_HARDWARE } from "../../../../profiler/hardware/hardware.ts";
import { analyseModel, costModel } from "../../../../profiler/profile-model.ts";
import { MemorySource } from "../../../../profiler/bytes/memory-source.ts";
import { applyEdit, applyEdits, predictEdit } from "../../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../../profiler/editing/edit.ts";
import { modelBytes, readModel } from "../../../../profiler/formats/formats.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { loadOnnxRuntime } from "../../../../profiler/onnx-runtime.ts";
import { restructuringOf } from "../../../../profiler/restructure/registry.ts";
import { isRefusal, NotApplicableError } from "../../../../profiler/restructure/restructuring.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import { activationsOn } from "../../../../profiler/runtime/activation-source.ts";
import { openSession } from "../../../../profiler/runtime/open-session.ts";
import type { OpenSession } from "../../../../profiler/runtime/session-pool.ts";
import { compareRuns } from "../../../../profiler/runtime/compare-runs.ts";
import { graph, node, onnxModel, tensor, value } from "../../../builders/onnx-builder.ts";
import { costs, ops, readBytes, run, seededFeeds, weights } from "../edited-model.ts";

const NO_FILES = { open: (path: string) => Promise.reject(new Error(`${path} is not there`)) };
const LEVELS = ["disabled", "basic", "extended", "all"] as const;
const SAMPLES = { activationsOf: (model: Model) => activationsOn(model, { count: 16, seed: 1 }) };
const QUANTIZE = parseEdit("quantize-model:");

/** Operators of the graph that ONNX Runtime runs, by how often each is there. */
async function optimizedOps(bytes: Uint8Array): Promise<Readonly<Record<string, number>>> {
  const folder = await mkdtemp(join(tmpdir(), "edgewise-"));
  try {
    const { InferenceSession } = await loadOnnxRuntime();
    const path = join(folder, "optimized.onnx");
    const options = { graphOptimizationLevel: "extended", optimizedModelFilePath: path, logSeverityLevel: 3 } as const;
    const session = await InferenceSession.create(bytes, options);
    await session.release();
    const counts: Record<string, number> = {};
    for (const op of ops(await readModel(await FileSource.open(path), NO_FILES))) counts[op] = (counts[op] ?? 0) + 1;
    return counts;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Convolutions in QDQ form, the second one with a Neg between it and its QuantizeLinear: what ONNX Runtime does not fuse. */
function halfQuantized(): Uint8Array {
  const scheme = [tensor("s", "float32", [], [0.05]), tensor("z", "uint8", [], [128])];
  const weightScheme = [tensor("ws", "float32", [], [0.02]), tensor("wz", "int8", [], [0])];
  const pair = (from: string, to: string) => [
    node("QuantizeLinear", [from, "s", "z"], [`${to}.q`]),
    node("DequantizeLinear", [`${to}.q`, "s", "z"], [to]),
  ];
  const conv = (from: string, to: string) => [
    node("DequantizeLinear", [`${to}.w`, "ws", "wz"], [`${to}.f`]),
    node("Conv", [from, `${to}.f`], [to], {}, { name: to }),
  ];
  const nodes = [
    ...[...pair("x", "a"), ...conv("a", "c1"), ...pair("c1", "b")],
    ...[...conv("b", "c2"), node("Neg", ["c2"], ["n"]), ...pair("n", "d")],
    ...[...conv("d", "c3"), ...pair("c3", "y")],
  ];
  const kernels = ["c1.w", "c2.w", "c3.w"].map((name) => tensor(name, "int8", [4, 4, 3, 3]));
  const ports = { inputs: [value("x", "float32", [1, 4, 12, 12])], outputs: [value("y", "float32")] };
  return onnxModel({ graph: graph(nodes, { ...ports, initializers: [...scheme, ...weightScheme, ...kernels] }) });
}

/** What is said to compute in float, by the operators' names. */
async function floatOps(bytes: Uint8Array): Promise<readonly string[]> {
  const analysed = analyseModel(await readBytes(bytes), {});
  const profile = costModel(analysed, DEFAULT_HARDWARE);
  const found = diagnose(analysed, profile).filter(({ code }) => code === "float-in-integers");
  return found.map(({ layer, message }) => `${profile.layers[layer]?.name ?? ""}: ${message}`);
}

describe("Quantized ONNX models", function () {
  this.timeout(120_000);
  let model: Model;
  let quantized: Model;

  before(async () => {
    model = await readModel(await FileSource.open("media/samples/digits_inception.onnx"), NO_FILES);
    quantized = (await applyEdit(model, QUANTIZE, SAMPLES)).after;
  });

  for (const [bits, share, decibels] of [
    [8, 0.35, 40],
    [7, 0.35, 40],
    [4, 0.28, 20],
  ] as const) {
    it(`answer alike at every optimization level, and are as large and cost what was predicted: ${bits} bits`, async () => {
      const edit = parseEdit(`quantize-model::weights=${bits}`);
      const after = bits === 8 ? quantized : (await applyEdit(model, edit, SAMPLES)).after;
      const bytes = await modelBytes(after);
      const written = await readModel(new MemorySource("written", bytes), NO_FILES);
      const predicted = await predictEdit(model, edit);
      assert.ok(predicted);
      assert.equal(bytes.length, after.fileBytes);
      assert.equal(bytes.length, predicted.fileBytes);
      assert.deepEqual(costs(predicted), costs(written));
      assert.ok(bytes.length < share * model.fileBytes, `${bytes.length} of ${model.fileBytes}`);
      const counts = await optimizedOps(bytes);
      assert.deepEqual([counts.QLinearConv, counts.Conv, counts.DequantizeLinear], [13, undefined, undefined]);
      for (const optimization of LEVELS) {
        const open: OpenSession = (one, options) => openSession(one, { ...options, optimization });
        const { outputs } = await compareRuns(model, written, { calibration: { count: 16, seed: 2 }, open });
        const snr = outputs[0]?.difference?.snr ?? 0;
        assert.ok(snr > decibels, `${optimization}: ${snr} dB`);
      }
    });
  }

  it("of others are told which layers ONNX Runtime leaves in float, and why", async () => {
    const bytes = halfQuantized();
    const counts = await optimizedOps(bytes);
    assert.deepEqual([counts.QLinearConv, counts.Conv], [2, 1]);
    const [said, ...more] = await floatOps(bytes);
    assert.deepEqual(more, []);
    assert.match(
      said ?? "",
      /^c2: This Conv computes in float among layers of integers: .* reads what it makes as float/,
    );
    assert.deepEqual(await floatOps(await modelBytes(quantized)), []);
  });

  it("are computed in integers from end to end by ONNX Runtime, whose fusing the rows of the profile go by", async () => {
    const counts = await optimizedOps(await modelBytes(quantized));
    const products = model.entries[0].graph.nodes.filter(({ op }) => op === "Conv").length;
    assert.equal(counts.QLinearConv, products);
    assert.equal(counts.QGemm, 1);
    assert.equal(counts.QLinearConcat, ops(model).filter((op) => op === "Concat").length);
    assert.deepEqual([counts.Conv, counts.Gemm, counts.DequantizeLinear, counts.Relu], Array(4).fill(undefined));
    assert.equal(counts.QuantizeLinear, 1);
    const { layers } = costs(quantized) as {
      readonly layers: readonly { readonly op: string; readonly role: string }[];
    };
    assert.equal(layers.filter(({ op, role }) => op === "QuantizeLinear" && role === "compute").length, 1);
  });

  it("can be made of models that were edited before, and are not quantized again", async () => {
    const edits = [parseEdit("reduce-channels::ratio=0.75"), QUANTIZE];
    const { model: after } = await applyEdits(model, edits, SAMPLES);
    const written = await readBytes(await modelBytes(after));
    const { outputs } = await compareRuns(after, written, { calibration: { count: 4 } });
    assert.equal(outputs[0]?.difference?.maxAbsolute, 0);
    await assert.rejects(applyEdit(written, QUANTIZE, SAMPLES), (error: unknown) => {
      assert.ok(error instanceof NotApplicableError);
      assert.match(error.message, /quantized already/);
      return true;
    });
  });

  it("are told apart from those that quantize their inputs while they run, which have no layers of real numbers", async () => {
    const bytes = onnxModel({
      graph: graph(
        [
          node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
          node("ConvInteger", ["q", "w", "z"], ["i"], {}, { name: "c" }),
          node("Cast", ["i"], ["y"], { to: 1 }),
        ],
        { inputs: [value("x", "float32", [1, 4, 8, 8])], initializers: [tensor("w", "int8", [8, 4, 3, 3])] },
      ),
    });
    const [found] = restructuringOf("quantize-model").find(liftModel(await readBytes(bytes)));
    assert.ok(found && isRefusal(found));
    assert.equal(found.reason, "it is quantized already: c computes in integers");
  });

  it("have a normalisation in their weights, a sum of integers, and a float island between their pairs", async () => {
    const pads = { pads: [1, 1, 1, 1] };
    const bytes = onnxModel({
      graph: graph(
        [
          node("Conv", ["x", "w1"], ["a"], pads),
          node("BatchNormalization", ["a", "g", "s", "m", "v"], ["n"]),
          node("Relu", ["n"], ["r"]),
          node("Conv", ["r", "w2", "b2"], ["t"]),
          node("Add", ["t", "r"], ["u"]),
          node("Elu", ["u"], ["h"]),
          node("Mul", ["h", "c"], ["k"]),
          node("Conv", ["k", "w3"], ["z"], pads),
          node("Add", ["z", "u"], ["o"]),
          node("Conv", ["o", "w2"], ["y"]),
        ],
        {
          inputs: [value("x", "float32", [1, 4, 8, 8])],
          outputs: [value("y", "float32", [1, 8, 8, 8])],
          initializers: [
            weights("w1", [8, 4, 3, 3]),
            ...["g", "s", "m"].map((name) => weights(name, [8])),
            weights("v", [8], "positive"),
            weights("w2", [8, 8, 1, 1]),
            weights("b2", [8]),
            weights("w3", [8, 8, 3, 3]),
            tensor("c", "float32", [1, 8, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8]),
          ],
        },
      ),
    });
    const base = await readBytes(bytes);
    const [found] = restructuringOf("quantize-model").find(liftModel(base));
    assert.ok(found && !isRefusal(found));
    assert.match(found.why, /4 layers compute in integers.* stays float: ONNX Runtime has no Elu of integers/);
    const { after } = await applyEdit(base, QUANTIZE, SAMPLES);
    const written = await modelBytes(after);
    const counts = await optimizedOps(written);
    assert.equal(counts.QLinearConv, 4);
    assert.equal(counts.QLinearAdd, 2);
    assert.equal(counts.Elu, 1);
    assert.equal(counts.BatchNormalization, undefined);
    assert.equal(counts.Relu, undefined);
    const feeds = seededFeeds(base);
    const [now, was] = [await run(written, feeds), await run(bytes, feeds)];
    const [float = new Float32Array(), integer = new Float32Array()] = [was.y, now.y];
    const error = Math.hypot(...integer.map((each, at) => each - (float[at] ?? 0))) / Math.hypot(...float);
    assert.ok(error < 0.05, `${error}`);
  });
});
