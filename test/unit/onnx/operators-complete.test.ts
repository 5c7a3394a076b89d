import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { ONNX_OPERATORS } from "../../../profiler/formats/onnx/operators/index.ts";
import { skip } from "../../skip.ts";

/** Operators of newer versions than the table of inferred types holds. */
const NEWER =
  "Attention RMSNormalization RotaryEmbedding TensorScatter Swish CumProd BitCast LinearAttention CausalConvWithState SwiGLU";

/** A part of the specification that stands for all of it where the table of inferred types is missing. */
const WITHOUT_FACTS = `Conv ConvTranspose ConvInteger QLinearConv DeformConv MaxPool AveragePool LpPool GlobalMaxPool
  GlobalAveragePool GlobalLpPool MaxRoiPool MaxUnpool Col2Im MatMul Gemm MatMulInteger QLinearMatMul Einsum RNN GRU LSTM
  BatchNormalization InstanceNormalization LayerNormalization GroupNormalization LRN MeanVarianceNormalization LpNormalization
  Resize Upsample GridSample AffineGrid RoiAlign NonMaxSuppression ImageDecoder DFT STFT HannWindow HammingWindow
  BlackmanWindow MelWeightMatrix NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss QuantizeLinear DequantizeLinear
  DynamicQuantizeLinear Add Reshape Transpose Gather Slice Concat Softmax Relu If Loop Scan Constant Shape Cast`;

const FACTS = new URL("../../../../shared/formats/onnx.operators.json", import.meta.url);

describe("ONNX operator table", () => {
  it("has a rule for every operator of the default domain that has its name from an opset after 22, and for the common ones", () => {
    assert.deepEqual(missing("", `${NEWER} ${WITHOUT_FACTS}`.split(/\s+/)), []);
  });

  it("has a rule for every operator of the specification", function () {
    if (!existsSync(FACTS)) skip(this, "needs the models and recordings that stand beside the repository, not in it");
    const inferredTypes: unknown = JSON.parse(readFileSync(FACTS, "utf8"));
    assert.ok(typeof inferredTypes === "object" && inferredTypes !== null);
    const names = Object.keys(inferredTypes).map((name) => name.split("::"));
    const inDomain = (domain: string) =>
      names.flatMap(([held, op]) => (held === domain && op !== undefined ? [op] : []));
    assert.ok(inDomain("ai.onnx").length > 190);
    assert.deepEqual(missing("", inDomain("ai.onnx")), []);
    assert.deepEqual(missing("ai.onnx.ml", inDomain("ai.onnx.ml")), []);
  });
});

function missing(domain: string, ops: readonly string[]): readonly string[] {
  const rules = ONNX_OPERATORS.get(domain) ?? {};
  return ops.filter((op) => !Object.hasOwn(rules, op));
}
