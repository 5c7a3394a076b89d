import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HostTarget } from "../../../../profiler/device/host/host-target.ts";
import { isMeasured, type LayerTimes, type RunResult } from "../../../../profiler/device/run-result.ts";
import type { MeasuredModel, RunOptions, RunPhase } from "../../../../profiler/device/target.ts";
import { DEFAULT_HARDWARE } from "../../../../profiler/hardware/hardware.ts";
import { skip } from "../../../skip.ts";
import { hostTflite, whyNoHostTflite } from "../../../../profiler/runtime/native/bundles.ts";
import { tfliteModel } from "../../../builders/tflite-builder.ts";
import {
  Conv2DOptionsT,
  DepthwiseConv2DOptionsT,
} from "../../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { mobilenetV1 } from "../../../zoo/networks/mobilenet-v1.ts";
import { toBytes } from "../../../zoo/file-segments.ts";
import { toTflite } from "../../../zoo/to-tflite.ts";
import { analyseModel, costModel } from "../../../../profiler/profile-model.ts";
import { modelOfFile } from "../../../builders/read-model.ts";

const ONNX = "media/samples/digits_lenet.onnx";
const SHARED = "../shared/models";
const FEW: RunOptions = { threads: 1, warmUpRuns: 1, runs: 6 };

async function measured(path: string): Promise<MeasuredModel> {
  const model = await modelOfFile(path);
  const { layers } = costModel(analyseModel(model, {}), DEFAULT_HARDWARE);
  return { model, layers };
}

function needsTflite(context: Mocha.Context): void {
  if (hostTflite() === undefined) skip(context, "dist/runner is not built for this machine (npm run build:runner)");
}

/** Rows and what belongs to none add up to the whole, of which the operators are nearly all. */
function assertAddsUp({ totalSeconds, rows, unmapped }: LayerTimes): void {
  const sum = [...rows, ...unmapped].reduce((total, { seconds }) => total + seconds, 0);
  assert.ok(Math.abs(sum - totalSeconds) <= 1e-9 + 1e-6 * totalSeconds, `${sum} of ${totalSeconds}`);
}

describe("This machine as a target", () => {
  const target = new HostTarget();
  const folder = mkdtempSync(join(tmpdir(), "edgewise-host-"));
  const tflite = join(folder, "mobilenet.tflite");
  before("write a TFLite model", () =>
    writeFileSync(tflite, toBytes(toTflite(mobilenetV1({ width: 0.25, size: 32 })))),
  );
  after(() => rmSync(folder, { recursive: true }));

  it("measures an ONNX model: latency, each layer, memory, and the outputs it must give", async () => {
    const phases: RunPhase[] = [];
    const result = await target.run(await measured(ONNX), FEW, { onProgress: ({ phase }) => phases.push(phase) });
    assert.equal(result.latency.runSeconds.length, 6);
    assert.ok(result.latency.statistics.minimum > 0);
    assert.equal(result.outputs.verdict, "equal");
    assert.ok(isMeasured(result.layers));
    assert.ok(result.layers.rows.length > 0);
    assertAddsUp(result.layers);
    assert.ok(isMeasured(result.memory) && result.memory.peakBytes > (result.memory.baselineBytes ?? 0));
    assert.ok(!isMeasured(result.energy));
    assert.deepEqual([...new Set(phases)], ["preparing", "latency", "layers", "comparing"]);
    assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
  });

  it("measures a TFLite model natively: latency as XNNPACK takes it, each layer, memory", async function () {
    needsTflite(this);
    const model = await measured(tflite);
    const phases: RunPhase[] = [];
    const result = await target.run(model, FEW, { onProgress: ({ phase }) => phases.push(phase) });
    assert.equal(result.latency.runSeconds.length, 6);
    assert.equal(result.outputs.verdict, "equal");
    assert.deepEqual([result.runtime.name, result.runtime.kind], ["TFLite", "native"]);
    assert.ok(isMeasured(result.memory) && result.memory.peakBytes > (result.memory.baselineBytes ?? 0));
    assert.ok(isMeasured(result.layers));
    assertAddsUp(result.layers);
    const rows = model.layers.filter(({ role }) => role === "compute").map(({ index }) => index);
    assert.deepEqual(
      result.layers.rows.map(({ layer }) => layer),
      rows,
    );
    assert.ok(result.layers.rows.every(({ operators: [ran] }) => ran?.startsWith("XNNPACK: ")));
    assert.deepEqual([...new Set(phases)], ["preparing", "latency", "layers", "comparing"]);
    assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
  });

  it("says that LiteRT.js ran a TFLite model, and what helps, where TFLite's own runtime is not built", async () => {
    const unbuilt = new HostTarget(() => undefined);
    const [asked, chosen] = [
      await unbuilt.run(await measured(tflite), { ...FEW, runtime: "tflite" }),
      await unbuilt.run(await measured(tflite), { ...FEW, runtime: "litert" }),
    ];
    assert.equal(asked.runtime.name, "LiteRT.js");
    assert.match(asked.notes.join(" "), /LiteRT\.js ran it, which is slower\. TFLite's own runtime is .+: .+/);
    assert.deepEqual(chosen.notes, []);
  });

  it("tells for each machine why it has no TFLite of its own", () => {
    assert.match(whyNoHostTflite("linux", "x64"), /not built here: `npm run build:runner`/);
    for (const [platform, architecture] of [
      ["darwin", "arm64"],
      ["win32", "x64"],
      ["linux", "riscv64"],
    ] as const)
      assert.match(whyNoHostTflite(platform, architecture), /for Linux .+--device SERIAL/);
  });

  it("names the operators that TFLite is older than, and runs the model by LiteRT.js", async function () {
    needsTflite(this);
    const bytes = tfliteModel({
      tensors: ["x", "y"].map((name) => ({ name, shape: [1, 4] })),
      operators: [{ op: "RELU", version: 99, inputs: ["x"], outputs: ["y"] }],
      inputs: ["x"],
      outputs: ["y"],
    });
    const path = join(folder, "newer.tflite");
    writeFileSync(path, bytes);
    const refused = await target.run(await measured(path), FEW).then(
      ({ notes }) => notes.join(" "),
      (error: unknown) => String(error),
    );
    assert.match(refused, /RELU/);
  });

  it("gives TFLite convolutions a bias of zeros where they have none, and says so", async function () {
    needsTflite(this);
    const options = Object.assign(new Conv2DOptionsT(), { strideW: 1, strideH: 1 });
    const grouped = Object.assign(new DepthwiseConv2DOptionsT(), { strideW: 1, strideH: 1, depthMultiplier: 1 });
    const square = [1, 2, 2, 2];
    const bytes = tfliteModel({
      tensors: [
        ...["x", "left", "spread", "y"].map((name) => ({ name, shape: square })),
        { name: "weights", shape: [2, 1, 1, 2], data: [2, 0, 0, 3] },
        { name: "kernels", shape: [1, 1, 1, 2], data: [5, 7] },
      ],
      operators: [
        // Omitted, left out, and both.
        { op: "CONV_2D", inputs: ["x", "weights", -1], outputs: ["left"], options },
        { op: "DEPTHWISE_CONV_2D", inputs: ["left", "kernels"], outputs: ["spread"], options: grouped },
        { op: "CONV_2D", inputs: ["spread", "weights"], outputs: ["y"], options },
      ],
      inputs: ["x"],
      outputs: ["y"],
    });
    const path = join(folder, "no-biases.tflite");
    writeFileSync(path, bytes);
    const result = await target.run(await measured(path), FEW);
    assert.equal(result.runtime.name, "TFLite");
    assert.deepEqual(result.notes, [
      "What ran has a bias of zeros in 3 convolutions, which have none in the file: TFLite's kernels ask for it.",
    ]);
    assert.equal(result.outputs.verdict, "equal");
    assert.ok(isMeasured(result.layers));
    assert.deepEqual(
      result.layers.rows.map(({ op }) => op),
      ["CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D"],
    );
    // The run is one of the user's file.
    assert.equal(result.model.fileBytes, bytes.length);
    assert.deepEqual((await target.run(await measured(tflite), FEW)).notes, []);
  });

  it("ends TFLite's process when it is cancelled or takes too long", async function () {
    needsTflite(this);
    const model = await measured(tflite);
    const controller = new AbortController();
    const endless = { ...FEW, runs: 1_000_000 };
    const onProgress = ({ phase, done }: { phase: RunPhase; done?: number }): void => {
      if (phase === "latency" && (done ?? 0) > 0) controller.abort();
    };
    await assert.rejects(target.run(model, endless, { signal: controller.signal, onProgress }), { name: "AbortError" });
    const limited = target.run(model, { ...endless, timeLimitSeconds: 0.001 });
    await assert.rejects(limited, { code: "device", problem: "time-limit" });
  });

  it("measures a TFLite model in LiteRT.js when asked to, which does not tell its layers", async () => {
    const result = await target.run(await measured(tflite), { ...FEW, runtime: "litert" });
    assert.equal(result.latency.runSeconds.length, 6);
    assert.equal(result.outputs.verdict, "equal");
    assert.equal(result.runtime.name, "LiteRT.js");
    assert.ok(!isMeasured(result.layers) && result.layers.reason.includes("LiteRT.js"));
  });

  it("is cancelled at once, before and while it runs, and runs the next model", async () => {
    const model = await measured(ONNX);
    await assert.rejects(target.run(model, FEW, { signal: AbortSignal.abort() }), { name: "AbortError" });
    const controller = new AbortController();
    const endless = target.run(
      model,
      { ...FEW, runs: 1_000_000 },
      { signal: controller.signal, onProgress: ({ phase }) => phase === "latency" && controller.abort() },
    );
    await assert.rejects(endless, { name: "AbortError" });
    assert.equal((await target.run(model, FEW)).outputs.verdict, "equal");
  });

  it("gives up what takes too long", async () => {
    const model = await measured(ONNX);
    const run = target.run(model, { ...FEW, runs: 1_000_000, timeLimitSeconds: 0.05 });
    await assert.rejects(run, { code: "device", problem: "time-limit" });
  });

  it("runs one model after the other", async () => {
    const model = await measured(ONNX);
    const order: string[] = [];
    const run = (name: string): Promise<RunResult> =>
      target.run(model, FEW, { onProgress: ({ phase }) => phase !== "queued" && order.push(name) });
    await Promise.all([run("a"), run("b")]);
    assert.equal(order.join("").replaceAll(/(.)\1+/g, "$1"), "ab");
  });

  it("runs models of the collection, each with the outputs of this machine", async function () {
    if (!existsSync(SHARED)) skip(this, "needs the models that stand beside the repository, not in it");
    this.timeout(120_000);
    for (const name of COLLECTION) {
      const result = await target.run(await measured(`${SHARED}/${name}`), { threads: 1, warmUpRuns: 0, runs: 3 });
      assert.equal(result.outputs.verdict, "equal", name);
      if (isMeasured(result.layers)) assertAddsUp(result.layers);
    }
  });

  it("runs a model with state, or says that LiteRT.js cannot", async function () {
    if (!existsSync(SHARED)) skip(this, "needs the models that stand beside the repository, not in it");
    const lstm = await measured(`${SHARED}/tflite/mnist_lstm_float.tflite`);
    if (hostTflite() === undefined)
      await assert.rejects(target.run(lstm, FEW), /LiteRT\.js cannot run it: .* is a variable tensor/);
    else assert.equal((await target.run(lstm, FEW)).outputs.verdict, "equal");
  });
});

/** Branches, groups, shuffles, functions and quantized ends; the phone's tests run all the others. */
const COLLECTION = [
  "onnx/digits_inception.onnx",
  "onnx/light_shufflenet.onnx",
  "onnx/torchvision_mobilenet_v3_small.onnx",
  "onnx/ultraface_rfb_320.onnx",
  "tflite/kws_dscnn_int8.tflite",
  "tflite/resnet_cifar10_float.tflite",
];
