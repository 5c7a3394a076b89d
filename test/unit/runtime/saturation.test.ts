import assert from "node:assert/strict";
import { levelFor } from "../../../profiler/runtime/onnx-session.ts";
import { doubtOf, saturationOf } from "../../../profiler/runtime/saturation.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
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

  it("are told of the file's own operators, which run on integers at basic too", async () => {
    const scale = tensor("scale", "float32", [], [0.5]);
    const zero = tensor("zero", "uint8", [], [1]);
    const weights = [tensor("w", "int8", [4, 4]), tensor("wz", "int8", [], [0])];
    const product = await inMemory(
      [node("QLinearMatMul", ["x", "scale", "zero", "w", "scale", "wz", "scale", "zero"], ["y"])],
      { inputs: [value("x", "uint8", [1, 4])], initializers: [scale, zero, ...weights] },
    );
    assert.match(doubtOf(product, OLD) ?? "", /^tiny\.onnx: products of 8-bit integers saturate on this machine/);
    assert.equal(doubtOf(product, { ...OLD, flags: ["avx_vnni"] }), undefined);
    assert.equal(doubtOf(await quantized, OLD), undefined);
  });

  it("stand beside what two models differ by", async () => {
    const session = await openSession(await scalingModel(2));
    const { doubts } = await compareRuns(
      { name: "a", session: { ...session, doubt: "a saturates" } },
      await scalingModel(2),
    );
    assert.deepEqual(doubts, ["a saturates"]);
    await session.close();
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
