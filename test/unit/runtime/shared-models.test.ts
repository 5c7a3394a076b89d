import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { captureActivations } from "../../../profiler/runtime/capture.ts";
import { compareRuns, type RunComparison } from "../../../profiler/runtime/compare-runs.ts";
import type { CalibrationSpec } from "../../../profiler/calibration/spec.ts";
import { openLitertSession } from "../../../profiler/runtime/litert-session.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { skip } from "../../skip.ts";
import { valuesOf } from "./tiny-models.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { modelOfFile } from "../../builders/read-model.ts";

const SHARED = join(import.meta.dirname, "../../../../shared");
const model = (path: string): Promise<Model> => modelOfFile(join(SHARED, "models", path));
const data = (path: string): string => join(SHARED, "data", path);

const DIGITS: CalibrationSpec = {
  inputs: {
    "": { kind: "array", path: data("digits/digits_test_540x1x32x32_uint8.bin"), dataType: "uint8", scale: 1 / 255 },
  },
  labels: { path: data("digits/digits.json"), key: "test_labels" },
};

/** As the int8 model takes them; both models see the real numbers that they stand for. */
const KEYWORDS: CalibrationSpec = {
  inputs: {
    "": {
      kind: "array",
      path: data("kws/features_1000x49x10_int8.bin"),
      dataType: "int8",
      zeroPoint: 83,
      scale: 0.5847029,
    },
  },
  labels: { path: data("kws/labels.json") },
};

/** On a busy machine every thread waits for the others. */
const TIMEOUT = 120_000;

describe("Real models on real data", function () {
  this.timeout(TIMEOUT);

  before(function () {
    if (!existsSync(data("digits"))) skip(this, "the shared models and data are not beside the repository");
  });

  const rightOf = ({ outputs, samples }: RunComparison): readonly (number | undefined)[] => {
    const accuracy = outputs[0]?.difference?.top1?.accuracy;
    return [accuracy?.a, accuracy?.b].map((share) => share && Math.round(share * samples.count));
  };

  for (const [a, b] of [
    ["digits_lenet", "digits_vgg_bn"],
    ["digits_resnet", "digits_inception"],
  ] as const) {
    it(`${a} and ${b} are as right as their training said`, async () => {
      const { models } = JSON.parse(readFileSync(data("digits/digits.json"), "utf8")) as {
        models: Record<string, { correct: number }>;
      };
      const runs = await compareRuns(await model(`onnx/${a}.onnx`), await model(`onnx/${b}.onnx`), {
        calibration: DIGITS,
      });
      assert.deepEqual(rightOf(runs), [models[a]?.correct, models[b]?.correct]);
      assert.deepEqual([runs.samples.count, runs.samples.hasLabels], [540, true]);
    });
  }

  it("the keyword models answer 900 and more of 1,000 rightly, and mostly alike", async () => {
    const a = await model("tflite/kws_dscnn_float.tflite");
    const runs = await compareRuns(a, await model("tflite/kws_dscnn_int8.tflite"), { calibration: KEYWORDS });
    const [float = 0, int8 = 0] = rightOf(runs);
    assert.equal(float, 900);
    assert.ok(Math.abs(int8 - 900) <= 10, `int8 answers ${int8}`);
    const difference = runs.outputs[0]?.difference;
    assert.ok((difference?.top1?.agreement ?? 0) > 0.97 && (difference?.cosine ?? 0) > 0.99);
  });

  it("the int8 picture classifier runs with float inputs and outputs", async () => {
    const runs = await compareRuns(
      await model("tflite/resnet_cifar10_float.tflite"),
      await model("tflite/resnet_cifar10_int8.tflite"),
      { calibration: { count: 8 } },
    );
    const { snr, cosine } = runs.outputs[0]?.difference ?? {};
    assert.ok((snr ?? 0) > 5 && (cosine ?? 0) > 0.9, `SNR ${snr} dB, cosine ${cosine}`);
  });

  for (const [path, tensor] of [
    ["onnx/digits_resnet.onnx", undefined],
    ["tflite/kws_dscnn_int8.tflite", "#25"],
  ] as const) {
    it(`captured outputs of ${path} are those of a run`, async () => {
      const spec = { ...(path.startsWith("onnx") ? DIGITS : KEYWORDS), count: 6 };
      const plain = await openSession(await model(path));
      const output = plain.outputs[0]?.name ?? "";
      const input = plain.inputs[0]?.name ?? "";
      try {
        const wanted = [input, output, ...(tensor === undefined ? [] : [tensor])];
        for await (const { activations } of captureActivations(await model(path), wanted, spec)) {
          const given = activations.get(input);
          assert.ok(given);
          const direct = await plain.run({ [input]: given });
          assert.deepEqual(valuesOf(activations.get(output)), valuesOf(direct[output]));
          if (tensor !== undefined) assert.ok(valuesOf(activations.get(tensor)).some((each) => each !== 0));
        }
      } finally {
        await plain.close();
      }
    });
  }

  it("a model whose state the runtime cannot keep is refused with its reason", async () =>
    assert.rejects(
      openLitertSession(await model("tflite/mnist_lstm_float.tflite"), { captured: [], ranges: new Map() }),
      /mnist_lstm_float\.tflite: LiteRT\.js cannot run it: .*variable tensor/,
    ));
});
