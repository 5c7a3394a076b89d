import assert from "node:assert/strict";
import { applyEdits } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import { modelBytes } from "../../../profiler/formats/formats.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";
import { recoverModel } from "../../../profiler/training/recover-model.ts";
import { trainableGraphOf } from "../../../profiler/translation/known-graph.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { readNet, tfliteNet, wideNet } from "./nets.ts";

const SAMPLES = { count: 64, seed: 5 };

/** What a coding may not change in training, layer by layer. */
async function formsOf(model: Model): Promise<readonly unknown[]> {
  const forms: unknown[] = [];
  for (const { form, name } of trainableGraphOf(model).layers) {
    if (form.kind !== "conv" && form.kind !== "dense") continue;
    const { coding } = form.weight;
    switch (coding?.kind) {
      case "affine": {
        const { bits, blockSize, hasZeroPoints, zeroPoint } = coding;
        forms.push({ name, bits, blockSize, hasZeroPoints, zeroPoint });
        break;
      }
      case "palette":
        forms.push({ name, bits: coding.bits, indices: (await coding.numbers()).indices });
        break;
      case "sparse":
        forms.push({ name, bits: coding.paletteBits ?? "floats", places: (await coding.numbers()).places });
        break;
      default:
        forms.push({ name, kind: coding?.kind });
    }
  }
  return forms;
}

const EDITS = [
  "quantize-weights::bits=8",
  "quantize-weights::bits=3",
  "quantize-weights::bits=2,block=32",
  "quantize-weights::bits=4,products=integer",
  "binarize-weights:",
  "share-weights::bits=3",
  "prune-weights::sparsity=0.8",
  "prune-weights::sparsity=0.7,bits=3",
  "weights-float16:",
];

describe("recovering compressed models", () => {
  for (const edit of EDITS)
    it(edit, async () => {
      const { model: compressed } = await applyEdits(await readNet(wideNet()), [parseEdit(edit)], { seed: 1 });
      const student = await modelOfBytes("student.onnx", await modelBytes(compressed));
      const before = await formsOf(student);
      assert.ok(before.some((form) => JSON.stringify(form).includes(edit.includes("float16") ? "float16" : "bits")));
      const { model, recovery } = await recoverModel(student, await readNet(wideNet(0.3)), SAMPLES, {
        steps: 50,
        copies: 2,
        batch: 8,
        rate: 0.01,
        threads: 1,
        augmentation: "mixup",
      });
      assert.ok(model, `training bettered it: ${JSON.stringify(recovery.points)}`);
      const gain = (recovery.points[0]?.heldOut ?? 0) / (recovery.points[recovery.best]?.heldOut ?? 1);
      assert.ok(gain > 1.2, `${gain}`);
      const bytes = await modelBytes(model);
      const again = await modelOfBytes("recovered.onnx", bytes);
      assert.deepEqual(await formsOf(again), before);
      // Names of what decodes are new, and a little longer.
      assert.ok(bytes.length < 1.04 * (await modelBytes(student)).length, `${bytes.length}`);
      // What training measured is what the file computes.
      const { outputs } = await compareRuns(model, again, { calibration: SAMPLES });
      assert.equal(outputs[0]?.difference?.rms, 0);
    });

  // Few levels have nothing left for mixtures of samples.
  for (const [edit, expected] of [
    ["quantize-weights::bits=2", { augmentation: "none", copies: 1, rate: 0.005 }],
    ["quantize-model::weights=4", { augmentation: "none", copies: 1, rate: 0.005 }],
    ["quantize-weights::bits=8", { augmentation: "mixup", copies: 8, rate: 0.03 }],
  ] as const)
    it(`${edit}: how samples are changed by default`, async () => {
      const { model: student } = await applyEdits(await readNet(wideNet()), [parseEdit(edit)], { seed: 1 });
      const short = { steps: 1, batch: 8, threads: 1 };
      const { recovery } = await recoverModel(student, await readNet(wideNet(0.3)), SAMPLES, short);
      const { augmentation, samples, rate } = recovery;
      assert.deepEqual({ augmentation, copies: samples.copies, rate }, expected);
    });

  // TFLite files have no tables: which weights share a value is told by the integers alone.
  for (const edit of ["share-weights:map:bits=2", "prune-weights:map:sparsity=0.7,bits=2"])
    it(`${edit} of a TFLite file`, async () => {
      const { model: student } = await applyEdits(await readNet(tfliteNet()), [parseEdit(edit)], { seed: 1 });
      const short = { steps: 50, copies: 2, batch: 8, threads: 1, augmentation: "mixup" } as const;
      const { model } = await recoverModel(student, await readNet(tfliteNet(0.3)), SAMPLES, short);
      assert.ok(model);
      const numbersOf = async (one: Model): Promise<readonly number[]> => {
        const conv = trainableGraphOf(one).layers.find(({ form }) => form.kind === "conv");
        assert.ok(conv?.form.kind === "conv");
        return [...(await conv.form.weight.read())];
      };
      const [before, after] = [await numbersOf(student), await numbersOf(model)];
      assert.notDeepEqual(after, before);
      const became = new Map(before.map((value, at) => [value, after[at]]));
      assert.deepEqual(
        after,
        before.map((value) => became.get(value)),
      );
      assert.equal(became.get(0) ?? 0, 0);
    });
});
