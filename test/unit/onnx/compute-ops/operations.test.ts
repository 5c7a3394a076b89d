import assert from "node:assert/strict";
import { macsOf } from "../../../../profiler/layers/cost-rules.ts";
import type { Operation } from "../../../../profiler/operators/operation.ts";
import { ONNX_OPERATORS } from "../../../../profiler/formats/onnx/operators/index.ts";
import type { Shape } from "../../../../profiler/model/shape.ts";
import { describeNode } from "../../../../profiler/operators/operator-rule.ts";
import { UNKNOWN, type InferredType } from "../../../../profiler/operators/inferred-type.ts";
import { ShapeError } from "../../../../profiler/shapes/shape-error.ts";
import { inferredType, inferTypes, viewOf, type OperatorCase } from "../shape-ops/operator-case.ts";
import { size } from "../../../builders/size.ts";

type Given = Omit<OperatorCase, "inputs">;

const x = (...shape: Shape): InferredType => inferredType("float32", shape);
/** A constant of the file. */
const weight = (...shape: Shape): InferredType => ({
  ...x(...shape),
  constant: { name: "w", elements: undefined, dataType: "float32", storedBytes: undefined },
});
const ms = (op: string, attributes: OperatorCase["attributes"] = {}): Given => ({
  op,
  domain: "com.microsoft",
  attributes,
});

function ruleOf({ op, domain = "" }: Given) {
  const rule = ONNX_OPERATORS.get(domain)?.[op];
  assert.ok(rule, `no rule for ${op}`);
  return rule;
}

function operationOf(given: Given, inferredTypes: readonly (InferredType | undefined)[]): Operation {
  return describeNode(ruleOf(given), viewOf(given, inferredTypes)).operation;
}

describe("MACs of ONNX operators, by definition", () => {
  const CASES: readonly (readonly [
    what: string,
    given: Given,
    inferredTypes: readonly (InferredType | undefined)[],
    kind: Operation["kind"],
    /** null: a size is symbolic. */
    macs: number | null,
  ])[] = [
    [
      "AlexNet's first layer",
      { op: "Conv", attributes: { strides: [4, 4] } },
      [x(1, 3, 227, 227), weight(96, 3, 11, 11), weight(96)],
      "conv",
      105_415_200,
    ],
    [
      "a depthwise convolution",
      { op: "Conv", attributes: { group: 32, pads: [1, 1, 1, 1] } },
      [x(1, 32, 112, 112), weight(32, 1, 3, 3)],
      "conv",
      32 * 112 * 112 * 9,
    ],
    [
      "a transposed convolution: every input element meets the kernel",
      { op: "ConvTranspose", attributes: { strides: [2, 2], group: 2 } },
      [x(2, 8, 5, 5), weight(8, 3, 4, 4)],
      "conv",
      2 * 8 * 25 * 3 * 16,
    ],
    ["a symbolic batch", { op: "Conv" }, [x(size("n"), 1, 4, 4), weight(1, 1, 3, 3)], "conv", null],
    ["a product with a weight", { op: "MatMul" }, [x(4, 10, 64), weight(64, 32)], "dense", 4 * 10 * 64 * 32],
    ["a product of activations", { op: "MatMul" }, [x(2, 8, 10, 64), x(2, 8, 64, 10)], "matmul", 16 * 10 * 64 * 10],
    ["a weight on the left", { op: "MatMul" }, [weight(5, 6), x(6, 7)], "dense", 5 * 6 * 7],
    [
      "Gemm, both transposed",
      { op: "Gemm", attributes: { transA: 1, transB: 1 } },
      [x(6, 5), weight(7, 6)],
      "dense",
      210,
    ],
    [
      "two operands",
      { op: "Einsum", attributes: { equation: "bij,bjk->bik" } },
      [x(2, 3, 4), x(2, 4, 5)],
      "einsum",
      120,
    ],
    [
      "an LSTM both ways: gates × steps × batch × directions × (input + hidden) × hidden",
      { op: "LSTM", attributes: { direction: "bidirectional", hidden_size: 16 } },
      [x(20, 3, 8), weight(2, 64, 8), weight(2, 64, 16)],
      "recurrent",
      4 * 20 * 3 * 2 * (8 + 16) * 16,
    ],
    [
      "a GRU whose batch comes first, hidden size from its weights",
      { op: "GRU", attributes: { layout: 1 } },
      [x(3, 20, 8), weight(1, 48, 8), weight(1, 48, 16)],
      "recurrent",
      3 * 20 * 3 * (8 + 16) * 16,
    ],
    [
      "attention of grouped queries over a cache",
      { op: "Attention", attributes: { q_num_heads: 8, kv_num_heads: 2 } },
      [x(2, 5, 64), x(2, 5, 16), x(2, 5, 16), undefined, x(2, 2, 7, 8), x(2, 2, 7, 8)],
      "attention",
      2 * 8 * 5 * 12 * (8 + 8),
    ],
    [
      "attention with its projections",
      ms("Attention", { num_heads: 4 }),
      [x(2, 10, 64), weight(64, 192), weight(192)],
      "attention",
      2 * 10 * 64 * 192 + 2 * 4 * 10 * 10 * (16 + 16),
    ],
    [
      "4-bit weights",
      ms("MatMulNBits", { K: 64, N: 32, bits: 4, block_size: 32 }),
      [x(3, 64), { ...weight(32, 2, 16), dataType: "uint8" }, weight(64)],
      "dense",
      3 * 64 * 32,
    ],
    [
      "a residual that is added in the convolution",
      ms("FusedConv", { activation: "Relu" }),
      [x(1, 2, 4, 4), weight(3, 2, 1, 1), undefined, x(1, 3, 4, 4)],
      "conv",
      96,
    ],
    [
      "channels last, weights as ever",
      ms("NhwcConv", { pads: [1, 1, 1, 1] }),
      [x(1, 8, 9, 4), weight(6, 4, 3, 3)],
      "conv",
      8 * 9 * 6 * 4 * 9,
    ],
    [
      "blocked channels: those that fill up the last block are multiplied too",
      { op: "Conv", domain: "com.microsoft.nchwc" },
      [x(1, 116, 4, 4), weight(16, 120, 1, 1)],
      "conv",
      16 * 16 * 120,
    ],
    [
      "the experts that are chosen",
      ms("MoE", { k: 2 }),
      [x(10, 16), x(10, 4), weight(4, 32, 16), undefined, weight(4, 16, 32)],
      "dense",
      10 * 2 * (16 * 32 + 32 * 16),
    ],
    [
      "linear attention: three products of a state and a vector for each token and head",
      { op: "LinearAttention", attributes: { q_num_heads: 2, kv_num_heads: 2 } },
      [x(1, 5, 16), x(1, 5, 16), x(1, 5, 32)],
      "matmul",
      5 * 2 * 3 * 8 * 16,
    ],
    [
      "a causal convolution",
      { op: "CausalConvWithState", attributes: { activation: "silu" } },
      [x(1, 6, 20), weight(6, 1, 4)],
      "conv",
      6 * 20 * 4,
    ],
    [
      "relative positions",
      ms("GatedRelativePositionBias", { num_heads: 2 }),
      [x(1, 5, 16), weight(16), x(1, 2, 5, 5), weight(8, 8)],
      "dense",
      2 * 5 * 64,
    ],
  ];
  for (const [what, given, inferredTypes, kind, macs] of CASES) {
    it(`${given.op}: ${what}`, () => {
      const operation = operationOf(given, inferredTypes);
      assert.equal(operation.kind, kind);
      assert.equal(macsOf(operation).total, macs);
    });
  }
});

describe("ONNX compute rules", () => {
  it("name fused activations and biases", () => {
    const operation = operationOf(ms("FusedConv", { activation: "Relu" }), [
      x(1, 2, 4, 4),
      weight(3, 2, 1, 1),
      weight(3),
    ]);
    assert.ok(operation.kind === "conv");
    assert.equal(operation.geometry.activation, "relu");
    assert.ok(operation.geometry.hasBias);
  });

  it("count packed weights as the elements they are", () => {
    const given = ms("MatMulNBits", { K: 64, N: 32, bits: 4, block_size: 32 });
    const view = viewOf(given, [x(3, 64), inferredType("uint8", [32, 2, 16]), x(64)]);
    assert.deepEqual(ruleOf(given).weightElements?.(view, 1), {
      elements: 64 * 32,
      dataType: "uint4",
      encoding: { kind: "affine", granularity: "block", axis: 0, blockSize: 32 },
    });
    assert.equal(ruleOf(given).computesIn?.(view), "float32");
    assert.equal(ruleOf(given).weightElements?.(view, 2), undefined);
    const rows = ms("GatherBlockQuantized", { bits: 4 });
    const table = viewOf(rows, [inferredType("uint8", [100, 16]), inferredType("int64", [3]), x(100, 2)]);
    assert.deepEqual(ruleOf(rows).weightElements?.(table, 0), { elements: 3200, dataType: "uint4" });
    const experts = ms("QMoE", { expert_weight_bits: 4 });
    const moe = viewOf(experts, [x(10, 16), x(10, 4), inferredType("uint8", [4, 32, 8])]);
    assert.deepEqual(ruleOf(experts).weightElements?.(moe, 2), { elements: 4 * 32 * 16, dataType: "uint4" });
  });

  it("tell configuration from data in a concatenation of quantized tensors", () => {
    const given = ms("QLinearConcat", { axis: 0 });
    const { configuration } = ruleOf(given);
    assert.ok(typeof configuration === "function");
    const view = viewOf(
      given,
      Array.from({ length: 8 }, () => x(1)),
    );
    assert.deepEqual(configuration(view), [0, 1, 3, 4, 6, 7]);
  });

  it("keep symbolic sizes", () => {
    const shapeOf = (given: Given, inferredTypes: readonly (InferredType | undefined)[]) =>
      inferTypes(given, inferredTypes)[0]?.shape;
    const strided = { op: "Conv", attributes: { strides: [2, 2], pads: [1, 1, 1, 1] } };
    assert.deepEqual(shapeOf(strided, [x(size("n"), 3, size("h"), size("w")), weight(16, 3, 3, 3)]), [
      size("n"),
      16,
      size("floor((h+1)/2)"),
      size("floor((w+1)/2)"),
    ]);
    assert.deepEqual(shapeOf({ op: "GlobalAveragePool" }, [x(size("n"), 3, size("h"), size("w"))]), [
      size("n"),
      3,
      1,
      1,
    ]);
    assert.deepEqual(shapeOf({ op: "LSTM", attributes: { hidden_size: 4 } }, [x(size("t"), size("n"), 8)]), [
      size("t"),
      1,
      size("n"),
      4,
    ]);
    assert.deepEqual(
      shapeOf(ms("MultiHeadAttention", { num_heads: 2 }), [
        x(size("n"), size("s"), 8),
        x(size("n"), size("t"), 8),
        x(size("n"), size("t"), 8),
      ]),
      [size("n"), size("s"), 8],
    );
    assert.deepEqual(shapeOf({ op: "NonMaxSuppression" }, [x(1, 10, 4), x(1, 2, 10)]), [size("boxes(y0)"), 3]);
    assert.deepEqual(shapeOf({ op: "DequantizeLinear" }, [inferredType("int8", [size("n"), 4]), x()]), [size("n"), 4]);
  });

  it("give the outputs of operators that no CPU kernel runs", () => {
    assert.deepEqual(
      inferTypes(ms("RelativePositionBias", { max_distance: 8 }), [
        x(32, 2),
        inferredType("int64", [1], [4]),
        inferredType("int64", [1], [5]),
      ])[0],
      x(1, 2, 4, 5),
    );
    assert.deepEqual(
      inferTypes(ms("PackedAttention", { num_heads: 2 }), [x(size("tokens"), 8), weight(8, 24)])[0],
      x(size("tokens"), 8),
    );
    assert.deepEqual(inferTypes(ms("BitmaskDropout"), [x(5, 13)]), [x(5, 13), inferredType("uint32", [3])]);
    assert.deepEqual(
      inferTypes(ms("GemmaRotaryEmbedding"), [x(1, 4), x(1, 8, 4), x(1, 8, 4), x(1, 2, 4), x(1, 2, 4)]),
      [x(1, 8, 4), x(1, 2, 4)],
    );
    assert.deepEqual(
      inferTypes({ op: "DeformConv" }, [x(1, 4, 6, 6), weight(3, 4, 3, 3), x(1, 18, 4, 4)])[0],
      x(1, 3, 4, 4),
    );
    assert.deepEqual(inferTypes({ op: "CausalConvWithState", outputs: 2 }, [x(1, 6, 20), weight(6, 1, 4)]), [
      x(1, 6, 20),
      x(1, 6, 3),
    ]);
    assert.deepEqual(inferTypes({ op: "LSTM", attributes: { hidden_size: 4, layout: 1 }, outputs: 3 }, [x(2, 7, 8)]), [
      x(2, 7, 1, 4),
      x(2, 1, 4),
      x(2, 1, 4),
    ]);
    assert.deepEqual(
      inferTypes({ op: "MatMulInteger16", domain: "com.microsoft" }, [
        inferredType("uint16", [2, 3]),
        inferredType("uint16", [3, 4]),
      ])[0],
      inferredType("uint32", [2, 4]),
    );
    const nchwc = { op: "ReorderOutput", domain: "com.microsoft.nchwc", attributes: { channels: 3 } };
    assert.deepEqual(inferTypes(nchwc, [x(1, 8, 5, 5)])[0], x(1, 3, 5, 5));
  });

  it("contradict inputs that do not fit", () => {
    assert.throws(() => inferTypes({ op: "Conv" }, [x(1, 3, 8, 8), weight(4, 5, 3, 3)]), ShapeError);
    assert.throws(() => inferTypes({ op: "Conv" }, [x(1, 3, 8), weight(4, 3, 3, 3)]), ShapeError);
    assert.throws(() => inferTypes({ op: "MaxPool", attributes: { kernel_shape: [2] } }, [x(1, 3, 8, 8)]), ShapeError);
    assert.throws(() => inferTypes({ op: "MatMul" }, [x(2, 3), x(4, 5)]), ShapeError);
  });
});

describe("every ONNX rule", () => {
  const COUNT = 24;
  const EVERY: readonly (readonly [what: string, inferredType: InferredType | undefined])[] = [
    ["no inputs", undefined],
    ["inputs of which nothing is known", UNKNOWN],
    ["inputs of unknown rank", inferredType("float32", undefined)],
    ...[0, 1, 2, 3, 4, 5].map(
      (rank) => [`symbolic inputs of rank ${rank}`, x(...["a", "b", "c", "d", "e"].slice(0, rank).map(size))] as const,
    ),
  ];
  for (const [what, input] of EVERY) {
    it(`does not fail on ${what}`, () => {
      for (const [domain, rules] of ONNX_OPERATORS) {
        for (const [op, rule] of Object.entries(rules)) {
          if (rule.control !== undefined) continue;
          const view = viewOf(
            { op, domain },
            Array.from({ length: COUNT }, () => input),
          );
          assert.doesNotThrow(
            unless(() => describeNode(rule, view)),
            `${domain} ${op}`,
          );
          if (typeof rule.configuration === "function") rule.configuration(view);
          rule.weightElements?.(view, 0);
        }
      }
    });
  }
});

/** Inputs of any rank may well contradict an operator: saying so is its answer. */
function unless(attempt: () => unknown): () => void {
  return () => {
    try {
      attempt();
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
    }
  };
}
