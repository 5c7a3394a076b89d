import assert from "node:assert/strict";
import {
  ActivationFunctionType,
  Conv2DOptionsT,
  FullyConnectedOptionsT,
  Padding,
  ReducerOptionsT,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { TrainingError } from "../../../profiler/training/training-error.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { neutralGraphOf } from "../../../profiler/neutral/known-graph.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";
import { decibels, recoverModel } from "../../../profiler/training/recover-model.ts";
import type { RecoverOptions } from "../../../profiler/training/recover.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { graph, node, onnxModel, tensor, value, type OnnxNode } from "../../builders/onnx-builder.ts";
import { tfliteModel, type TensorSpec } from "../../builders/tflite-builder.ts";

const SAMPLES = { count: 64, seed: 5 };
/** Short, and with a fixed number of threads: the same bits everywhere. */
const SHORT: RecoverOptions = { steps: 75, copies: 2, batch: 8, rate: 0.02, threads: 1, augmentation: "mixup" };

interface FileInMemory {
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface NetOptions {
  /** How far weights are off those of the teacher. */
  readonly off?: number;
  /** Between the convolution and what comes after it. */
  readonly between?: (input: string, output: string) => OnnxNode;
}

/** conv 3×3 → BatchNormalization → ReLU → mean → Gemm → softmax, of 1×6×6 samples. */
function net({ off = 0, between }: NetOptions = {}): FileInMemory {
  const [own, other] = [new Random(1), new Random(2)];
  const numbers = (count: number): readonly number[] =>
    Array.from({ length: count }, () => own.normal() + off * other.normal());
  const nodes = [
    node("Conv", ["x", "w", "b"], ["map"], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] }, { name: "conv" }),
    ...(between ? [between("map", "through")] : []),
    node(
      "BatchNormalization",
      [between ? "through" : "map", "scale", "shift", "mean", "variance"],
      ["normal"],
      {},
      { name: "norm" },
    ),
    node("Relu", ["normal"], ["active"]),
    node("GlobalAveragePool", ["active"], ["pooled"]),
    node("Flatten", ["pooled"], ["flat"]),
    node("Gemm", ["flat", "fc", "fcb"], ["logits"], { transB: 1 }, { name: "dense" }),
    node("Softmax", ["logits"], ["y"], { axis: 1 }),
  ];
  const initializers = [
    tensor("w", "float32", [4, 1, 3, 3], numbers(36)),
    tensor("b", "float32", [4], numbers(4)),
    tensor("scale", "float32", [4], [1, 1.5, 2, 1]),
    tensor("shift", "float32", [4], numbers(4)),
    tensor("mean", "float32", [4], [0, 0.5, -0.5, 1]),
    tensor("variance", "float32", [4], [1, 2, 1, 0.5]),
    tensor("fc", "float32", [3, 4], numbers(12)),
    tensor("fcb", "float32", [3], numbers(3)),
  ];
  const body = graph(nodes, { inputs: [value("x", "float32", ["batch", 1, 6, 6])], outputs: ["y"], initializers });
  return { name: "net.onnx", bytes: onnxModel({ graph: body }) };
}

/** The like in TFLite, of maps of two channels: convolution with a fused ReLU, mean, fully connected. @param hybrid int8 weights in the convolution */
function tfliteNet(off = 0, hybrid = false): FileInMemory {
  const [own, other] = [new Random(1), new Random(2)];
  const numbers = (count: number): number[] => Array.from({ length: count }, () => own.normal() + off * other.normal());
  const kernel = numbers(72);
  const integers: Partial<TensorSpec> = {
    type: "int8",
    data: kernel.map((weight) => Math.max(-127, Math.min(127, Math.round(weight / 0.03)))),
    quantization: { scales: [0.03], zeroPoints: [0] },
  };
  const bytes = tfliteModel({
    tensors: [
      { name: "x", shape: [1, 6, 6, 2] },
      { name: "w", shape: [4, 3, 3, 2], ...(hybrid ? integers : { data: kernel }) },
      { name: "b", shape: [4], data: numbers(4) },
      { name: "map", shape: [1, 6, 6, 4] },
      { name: "axes", type: "int32", shape: [2], data: [1, 2] },
      { name: "pooled", shape: [1, 4] },
      { name: "fc", shape: [3, 4], data: numbers(12) },
      { name: "fcb", shape: [3], data: numbers(3) },
      { name: "y", shape: [1, 3] },
    ],
    inputs: ["x"],
    outputs: ["y"],
    operators: [
      {
        op: "CONV_2D",
        inputs: ["x", "w", "b"],
        outputs: ["map"],
        options: Object.assign(new Conv2DOptionsT(), {
          strideW: 1,
          strideH: 1,
          padding: Padding.SAME,
          fusedActivationFunction: ActivationFunctionType.RELU,
        }),
      },
      { op: "MEAN", inputs: ["map", "axes"], outputs: ["pooled"], options: new ReducerOptionsT() },
      { op: "FULLY_CONNECTED", inputs: ["pooled", "fc", "fcb"], outputs: ["y"], options: new FullyConnectedOptionsT() },
    ],
  });
  return { name: "net.tflite", bytes };
}

function read({ name, bytes }: FileInMemory): Promise<Model> {
  return modelOfBytes(name, bytes);
}

describe("recovering an edited model", () => {
  it("brings its answers nearer to the original's, on samples it was not trained on", async () => {
    const [teacher, student] = [await read(net()), await read(net({ off: 0.3 }))];
    const { model, recovery } = await recoverModel(student, teacher, SAMPLES, SHORT);
    assert.ok(model);
    const gain = decibels(recovery.points[recovery.best]?.heldOut ?? 1) - decibels(recovery.points[0]?.heldOut ?? 0);
    assert.ok(gain > 6, `${gain} dB`);
    const others = { count: 64, seed: 77 };
    const snr = async (of: Model): Promise<number> => {
      const { outputs } = await compareRuns(teacher, of, { calibration: others });
      return outputs[0]?.difference?.snr ?? 0;
    };
    assert.ok((await snr(model)) > (await snr(student)) + 3);
  });

  it("gives the same weights for the same seed, and others for another", async () => {
    const [teacher, student] = [await read(net()), await read(net({ off: 0.3 }))];
    const train = async (seed: number): Promise<Float32Array> =>
      (await recoverModel(student, teacher, SAMPLES, { ...SHORT, steps: 25, seed })).recovery.weights;
    const first = await train(1);
    assert.deepEqual(await train(1), first);
    assert.notDeepEqual(await train(2), first);
  });

  it("keeps the best so far when it is stopped", async () => {
    const [teacher, student] = [await read(net()), await read(net({ off: 0.3 }))];
    const stopping = new AbortController();
    const { model, recovery } = await recoverModel(student, teacher, SAMPLES, {
      ...SHORT,
      steps: 10_000,
      stop: stopping.signal,
      onPoint: ({ step }) => {
        if (step >= 50) stopping.abort();
      },
    });
    assert.ok(model);
    assert.equal(recovery.wasStopped, true);
    assert.ok(recovery.best > 0);
  });

  it("throws the signal's reason when it is aborted, and keeps nothing", async () => {
    const [teacher, student] = [await read(net()), await read(net({ off: 0.3 }))];
    const aborting = new AbortController();
    const reason = new Error("not wanted any more");
    const run = recoverModel(student, teacher, SAMPLES, {
      ...SHORT,
      signal: aborting.signal,
      onPoint: () => aborting.abort(reason),
    });
    await assert.rejects(run, reason);
  });

  it("leaves a model alone that training does not better", async () => {
    const teacher = await read(net());
    const { model, recovery } = await recoverModel(await read(net()), teacher, SAMPLES, { ...SHORT, steps: 5 });
    assert.equal(model, undefined);
    assert.equal(recovery.best, 0);
    assert.deepEqual(
      recovery.weights.length,
      recovery.parameters.reduce((sum, { size }) => sum + size, 0),
    );
  });

  it("trains only what stands behind a layer without a gradient, and says which one that is", async () => {
    const round = (input: string, output: string): OnnxNode =>
      node("Round", [input], [output], {}, { name: "rounding" });
    const [teacher, student] = [await read(net({ between: round })), await read(net({ off: 0.3, between: round }))];
    const { model, recovery } = await recoverModel(student, teacher, SAMPLES, SHORT);
    assert.deepEqual(
      recovery.stops.map(({ layer, op }) => [layer, op]),
      [["rounding", "Round"]],
    );
    const trained = new Set(recovery.parameters.flatMap(({ uses }) => uses.map(({ name }) => name)));
    assert.deepEqual([...trained], ["norm", "dense"]);
    assert.ok(model);
    const weightOf = async (of: Model): Promise<Float32Array | undefined> => {
      const form = neutralGraphOf(of).layer("conv")?.form;
      return form?.kind === "conv" ? form.weight.read() : undefined;
    };
    assert.deepEqual(await weightOf(model), await weightOf(student));
  });

  for (const hybrid of [false, true])
    it(`trains TFLite${hybrid ? ", through the rounding of integer weights" : ""}`, async () => {
      const [teacher, student] = [await read(tfliteNet()), await read(tfliteNet(0.3, hybrid))];
      const { model, recovery } = await recoverModel(student, teacher, SAMPLES, SHORT);
      assert.ok(model);
      const roles = recovery.parameters.flatMap(({ uses }) => uses.map(({ role }) => role));
      assert.deepEqual(roles.toSorted(), ["bias", "bias", "weight", "weight"]);
      const { outputs } = await compareRuns(student, model, { calibration: SAMPLES });
      assert.ok((outputs[0]?.difference?.snr ?? Infinity) < 30, "its answers changed");
      const against = async (of: Model): Promise<number> => {
        const compared = await compareRuns(teacher, of, { calibration: SAMPLES });
        return compared.outputs[0]?.difference?.snr ?? 0;
      };
      assert.ok((await against(model)) > (await against(student)) + 6);
      const form = neutralGraphOf(model).layersOf("conv")[0]?.form;
      assert.equal(form?.weight.dataType, hybrid ? "int8" : "float32");
    });

  it("trains biases and scales alone where it is asked to", async () => {
    const [teacher, student] = [await read(net()), await read(net({ off: 0.3 }))];
    const { recovery } = await recoverModel(student, teacher, SAMPLES, {
      ...SHORT,
      steps: 25,
      roles: "biases-and-scales",
    });
    const roles = recovery.parameters.flatMap(({ uses }) => uses.map(({ name, role }) => `${name}.${role}`));
    assert.deepEqual(roles.toSorted(), ["conv.bias", "dense.bias", "norm.scale", "norm.shift"]);
  });

  it("says why nothing can be trained", async () => {
    const nodes = [node("Round", ["x"], ["y"])];
    const body = graph(nodes, { inputs: [value("x", "float32", ["batch", 4])], outputs: ["y"] });
    const model = await read({ name: "round.onnx", bytes: onnxModel({ graph: body }) });
    await assert.rejects(recoverModel(model, model, SAMPLES, SHORT), (error) => {
      assert.ok(error instanceof TrainingError);
      assert.match(error.message, /nothing in it can be trained/);
      return true;
    });
  });
});
