import assert from "node:assert/strict";
import { levelFor } from "../../../profiler/runtime/onnx-session.ts";
import { saturationOf } from "../../../profiler/runtime/saturation.ts";
import { node, tensor, value } from "../../builders/onnx-builder.ts";
import { inMemory, scalingModel, tfliteRelu } from "./tiny-models.ts";

const OLD = { architecture: "x64", flags: ["sse4_2", "avx2", "avx512f"] };
const quantized = inMemory([node("DequantizeLinear", ["x", "scale"], ["y"])], {
  inputs: [value("x", "int8", [1, 4])],
  initializers: [tensor("scale", "float32", [], [0.5])],
});

describe("Products of integers that saturate", () => {
  it("are named of x86 without VNNI, and of x86 that does not tell", async () => {
    assert.match(saturationOf(await quantized, OLD) ?? "", /8-bit integers in 16 bits/);
    assert.ok(saturationOf(await quantized, { architecture: "x64" }));
    assert.equal(levelFor(await quantized, OLD), "basic");
  });

  it("are on no other machine, and in no model without integers", async () => {
    for (const flag of ["avx_vnni", "avx512_vnni"])
      assert.equal(saturationOf(await quantized, { ...OLD, flags: [flag] }), undefined);
    assert.equal(saturationOf(await quantized, { architecture: "arm64" }), undefined);
    assert.equal(saturationOf(await scalingModel(2), OLD), undefined);
    assert.equal(saturationOf(await tfliteRelu({}), OLD), undefined);
    assert.equal(levelFor(await scalingModel(2), OLD), "all");
  });
});
