import assert from "node:assert/strict";
import { applyEdits } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import { modelBytes } from "../../../profiler/formats/formats.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";
import { recoverModel } from "../../../profiler/training/recover-model.ts";
import { trainableGraphOf } from "../../../profiler/translation/known-graph.ts";
import { graph, node, onnxModel, tensor, value } from "../../builders/onnx-builder.ts";
import { modelOfBytes } from "../../builders/read-model.ts";

const SAMPLES = { count: 64, seed: 5 };

/**
 * conv 3×3 → ReLU → conv 3×3 → ReLU → mean → Gemm, wide enough that storing weights in another form saves something.
 * @param off how far weights are off, so that there is something to learn whatever the form
 */
async function net(off = 0): Promise<Model> {
  const [random, other] = [new Random(4), new Random(9)];
  const weights = (name: string, ...shape: readonly number[]) => {
    const inputs = shape.slice(1).reduce((all, size) => all * size, 1);
    const count = inputs * (shape[0] ?? 1);
    return tensor(
      name,
      "float32",
      shape,
      Array.from({ length: count }, () => (random.normal() + off * other.normal()) * Math.sqrt(2 / inputs)),
    );
  };
  const conv = (input: string, weight: string, bias: string, output: string) =>
    node("Conv", [input, weight, bias], [output], { pads: [1, 1, 1, 1] }, { name: weight });
  const nodes = [
    conv("x", "w1", "b1", "a"),
    node("Relu", ["a"], ["b"]),
    conv("b", "w2", "b2", "c"),
    node("Relu", ["c"], ["d"]),
    node("GlobalAveragePool", ["d"], ["e"]),
    node("Flatten", ["e"], ["f"]),
    node("Gemm", ["f", "w3", "b3"], ["y"], { transB: 1 }, { name: "w3" }),
  ];
  const initializers = [
    weights("w1", 32, 4, 3, 3),
    weights("b1", 32),
    weights("w2", 32, 32, 3, 3),
    weights("b2", 32),
    weights("w3", 10, 32),
    weights("b3", 10),
  ];
  const body = graph(nodes, { inputs: [value("x", "float32", ["batch", 4, 6, 6])], outputs: ["y"], initializers });
  return modelOfBytes("net.onnx", onnxModel({ graph: body, opset: 17 }));
}

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
  "binarize-weights:",
  "share-weights::bits=3",
  "prune-weights::sparsity=0.8",
  "prune-weights::sparsity=0.7,bits=3",
  "weights-float16:",
];

describe("recovering compressed models", () => {
  for (const edit of EDITS)
    it(edit, async () => {
      const { model: compressed } = await applyEdits(await net(), [parseEdit(edit)], { seed: 1 });
      const student = await modelOfBytes("student.onnx", await modelBytes(compressed));
      const before = await formsOf(student);
      assert.ok(before.some((form) => JSON.stringify(form).includes(edit.includes("float16") ? "float16" : "bits")));
      const { model, recovery } = await recoverModel(student, await net(0.3), SAMPLES, {
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
});
