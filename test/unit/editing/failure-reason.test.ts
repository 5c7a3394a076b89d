import assert from "node:assert/strict";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { graph, node, onnxModel, tensor, value } from "../../builders/onnx-builder.ts";
import { edit, readBytes } from "../restructure/edited-model.ts";

describe("An edit of weights that are no numbers", () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
    it(`fails by naming the layer and the weight: ${bad}`, async () => {
      const weights = Array.from({ length: 64 }, (_, at) => (at === 9 ? bad : Math.sin(at)));
      const bytes = onnxModel({
        graph: graph([node("Gemm", ["x", "w"], ["y"], { transB: 1 }, { name: "fc" })], {
          inputs: [value("x", "float32", [1, 8])],
          outputs: [value("y", "float32")],
          initializers: [tensor("w", "float32", [8, 8], weights)],
        }),
      });
      await assert.rejects(applyEdit(await readBytes(bytes), edit("dense-low-rank", "fc", { rank: 2 })), {
        name: "NotApplicableError",
        message: `dense-low-rank on "fc": weight 9 of "fc" is ${bad}: weights that are no numbers cannot be approximated`,
      });
    });
});
