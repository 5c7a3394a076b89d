import assert from "node:assert/strict";

import { applyEdit, type Step } from "../../../profiler/editing/apply.ts";
import { checkEdit, InexactEditError } from "../../../profiler/editing/check-edit.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { restructuringOf } from "../../../profiler/restructure/registry.ts";
import { isRefusal } from "../../../profiler/restructure/restructuring.ts";
import type { DataType } from "../../../profiler/model/data-type.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { graph, node, onnxModel, tensor, value, type OnnxTensor } from "../../builders/onnx-builder.ts";
import { edit, readBytes } from "../restructure/edited-model.ts";

const CALIBRATION = { calibration: { count: 4 } };

function numbers(
  name: string,
  type: DataType,
  dims: readonly number[],
  of: (normal: number) => number = (normal) => normal,
): OnnxTensor {
  const seed = Buffer.from(name).reduce((sum, byte) => 31 * sum + byte, 7);
  const count = dims.reduce((product, size) => product * size, 1);
  return tensor(name, type, dims, Array.from(new Random(seed).normals(count), of));
}

/** A layer and a batch normalisation. */
function layerAndNorm(type: DataType, layer: "Conv" | "Gemm", offset = 0): Uint8Array {
  const attributes = layer === "Conv" ? { pads: [1, 1, 1, 1] } : { transB: 1 };
  const spatial = layer === "Conv" ? [3, 3] : [];
  const nodes = [
    node(layer, ["x", "w", "b"], ["c"], attributes, { name: "layer" }),
    node("BatchNormalization", ["c", "scale", "shift", "mean", "variance"], ["y"], {}, { name: "bn" }),
  ];
  const initializers = [
    numbers("w", type, [8, 12, ...spatial]),
    numbers("b", type, [8], (normal) => offset + normal),
    numbers("scale", type, [8]),
    numbers("shift", type, [8]),
    numbers("mean", type, [8], () => offset),
    numbers("variance", type, [8], (normal) => 0.5 + Math.abs(normal)),
  ];
  const inputs = [value("x", type, [1, 12, ...spatial.map(() => 6)])];
  return onnxModel({ graph: graph(nodes, { inputs, outputs: [value("y", type)], initializers }) });
}

const FLOAT16 = layerAndNorm("float16", "Conv");
/** The mean takes away what the bias adds: the small rest is what counts. ONNX Runtime does not fold this one itself. */
const MAGNIFYING = layerAndNorm("float32", "Gemm", 100_000);

async function folded(bytes: Uint8Array): Promise<Step> {
  return applyEdit(await readBytes(bytes), edit("fold-batch-norm", "bn"));
}

describe("The gate of exact edits", () => {
  for (const [name, bytes, approximation] of [
    ["float32", layerAndNorm("float32", "Conv"), edit("split-spatial", "layer", { cost: 0.7 })],
    ["float16", FLOAT16, edit("split-spatial", "layer", { cost: 0.7 })],
    ["float32 that magnifies rounding", MAGNIFYING, edit("dense-low-rank", "layer", { cost: 0.7 })],
  ] as const) {
    it(`lets pass what rounding explains in ${name}`, async () => {
      const { outputs } = await checkEdit(await folded(bytes), CALIBRATION);
      assert.equal(outputs.length, 1);
    });

    it(`stops an edit of ${name} that is off by more`, async () => {
      const approximate = await applyEdit(await readBytes(bytes), approximation);
      await assert.rejects(checkEdit({ ...approximate, guarantee: "exact" }, CALIBRATION), InexactEditError);
    });
  }

  it("needs the measured rounding for the two that are not plain float32", async () => {
    for (const bytes of [FLOAT16, MAGNIFYING]) {
      const { outputs } = await checkEdit({ ...(await folded(bytes)), guarantee: "approximate" }, CALIBRATION);
      assert.ok((outputs[0]?.difference?.maxRelative ?? 0) > 1e-5);
    }
  });
});

describe("Batch normalisation in training mode", () => {
  const statistics = ["new_mean", "new_variance", "saved_mean", "saved_variance"];
  for (const [opset, attributes, outputs] of [
    [9, {}, statistics],
    [13, {}, statistics.slice(0, 2)],
    [15, { training_mode: 1 }, statistics.slice(0, 2)],
    [6, { is_test: 0 }, []],
  ] as const) {
    it(`is not folded in operator set ${opset}, and the reason is said`, async () => {
      const nodes = [
        node("Conv", ["x", "w"], ["c"], {}, { name: "conv" }),
        node("BatchNormalization", ["c", "s", "s", "s", "s"], ["y", ...outputs], attributes, { name: "bn" }),
      ];
      const bytes = onnxModel({
        opset,
        graph: graph(nodes, {
          inputs: [value("x", "float32", [2, 4, 6, 6])],
          outputs: ["y"],
          initializers: [numbers("w", "float32", [8, 4, 1, 1]), numbers("s", "float32", [8])],
        }),
      });
      const model = await readBytes(bytes);
      assert.ok(restructuringOf("fold-batch-norm").find(liftModel(model)).every(isRefusal));
      await assert.rejects(applyEdit(model, edit("fold-batch-norm", "bn")), /training mode/);
    });
  }
});
