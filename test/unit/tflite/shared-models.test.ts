import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { readTflite } from "../../../profiler/formats/tflite/read.ts";
import type { DeclaredDimension, Model } from "../../../profiler/model/model.ts";
import { analyseModel, costModel } from "../../../profiler/profile-model.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { infer } from "./analyse.ts";
import { skip } from "../../skip.ts";

const FOLDER = "../shared/models/tflite";

/** Places × outputs × window × inputs of one group. */
const conv = (places: number, outputs: number, window: number, inputs: number): number =>
  places * outputs * window * inputs;

/** Depthwise 3 × 3 and pointwise convolution, at the depthwise one's output size. */
const separable = (places: number, inputs: number, outputs: number): number =>
  conv(places, inputs, 9, 1) + conv(places, outputs, 1, inputs);

/** MobileNet v1 0.25 at 96: blocks by output places, input and output channels. */
const VWW_BLOCKS = [
  [48, 8, 16],
  [24, 16, 32],
  [24, 32, 32],
  [12, 32, 64],
  [12, 64, 64],
  [6, 64, 128],
  ...Array.from({ length: 5 }, () => [6, 128, 128]),
  [3, 128, 256],
  [3, 256, 256],
] as const;

const VWW = VWW_BLOCKS.reduce(
  (sum, [size, inputs, outputs]) => sum + separable(size * size, inputs, outputs),
  conv(48 * 48, 8, 9, 3) + 256 * 2,
);

/** Stage of ResNet-8: two 3 × 3 convolutions and, where the size changes, a 1 × 1 one beside them. */
const stage = (size: number, inputs: number, outputs: number): number =>
  conv(size * size, outputs, 9, inputs) +
  conv(size * size, outputs, 9, outputs) +
  (inputs === outputs ? 0 : conv(size * size, outputs, 1, inputs));

const RESNET_8 = conv(32 * 32, 16, 9, 3) + stage(32, 16, 16) + stage(16, 16, 32) + stage(8, 32, 64) + 64 * 10;
const DS_CNN = conv(25 * 5, 64, 40, 1) + 4 * separable(25 * 5, 64, 64) + 64 * 12;
const AUTOENCODER = 640 * 128 + 3 * 128 * 128 + 128 * 8 + 8 * 128 + 3 * 128 * 128 + 128 * 640;
/** 28 steps of four gates over 28 inputs and 20 outputs, then the classifier. */
const MNIST_LSTM = 28 * 4 * 20 * (28 + 20) + 28 * 20 * 10;
/** The published count of MobileNetV2 1.0 at 224 (Sandler et al. 2018). */
const MOBILENET_V2 = 300_774_272;

const MACS: Readonly<Record<string, number>> = {
  "anomaly_fc_float.tflite": AUTOENCODER,
  "kws_dscnn_float.tflite": DS_CNN,
  "kws_dscnn_int8.tflite": DS_CNN,
  "mnist_lstm_float.tflite": MNIST_LSTM,
  "mobilenet_v2_224_int8.tflite": MOBILENET_V2,
  "mobilenet_vww96_float.tflite": VWW,
  "resnet_cifar10_float.tflite": RESNET_8,
  "resnet_cifar10_int8.tflite": RESNET_8,
};

function readFile(name: string): Promise<Model> {
  return readTflite(new MemorySource(name, new Uint8Array(readFileSync(`${FOLDER}/${name}`))));
}

const stored = (size: DeclaredDimension): unknown => (typeof size === "object" ? size?.example : size);

describe("TFLite models of others", function () {
  before(function () {
    if (!existsSync(FOLDER)) skip(this, "needs the models and recordings that stand beside the repository, not in it");
  });

  for (const name of existsSync(FOLDER) ? readdirSync(FOLDER) : []) {
    it(`computes every stored shape of ${name}`, async () => {
      const model = await readFile(name);
      const { graph, inferredTypes, nodes } = infer(model);
      for (const node of nodes) {
        assert.deepEqual(node.problems, []);
        for (const id of node.node.outputs) {
          const declared = graph.tensors[id]?.declared;
          assert.deepEqual(inferredTypes[id]?.shape, declared?.shape?.map(stored));
          assert.equal(inferredTypes[id]?.dataType, declared?.dataType);
        }
      }
    });

    it(`leaves nothing of ${name} unknown, and counts its MACs`, async () => {
      const { totals } = costModel(analyseModel(await readFile(name), {}), DEFAULT_HARDWARE);
      assert.equal(totals.unknownRows, 0);
      assert.equal(totals.macs, MACS[name]);
    });
  }

  it("recomputes every shape for another input size", async () => {
    const model = await readFile("mobilenet_vww96_float.tflite");
    const one = costModel(analyseModel(model, {}), DEFAULT_HARDWARE).totals;
    const three = costModel(analyseModel(model, { "input_1[0]": 3 }), DEFAULT_HARDWARE).totals;
    assert.equal(three.macs, 3 * one.macs);
    assert.equal(three.parameters, one.parameters);
  });
});
