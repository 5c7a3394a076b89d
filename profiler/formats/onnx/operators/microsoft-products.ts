import type { DataType } from "../../../model/data-type.ts";
import { isStatic, type Dimension, type Shape } from "../../../model/shape.ts";
import { affine } from "../../../model/weight-encoding.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { LogicalWeight, OperatorRule } from "../../../operators/operator-rule.ts";
import { floorDivide, multiply, product, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { matmulGeometry, matmulShape, transposeMatrix } from "../../../shapes/matmul.ts";
import { dataTypeOf } from "../data-types.ts";
import { everyAxis, inferredType, sameAs } from "./inferred-types.ts";
import { matrixProduct, transposable, type Operands } from "./matmul.ts";
import { recurrent } from "./recurrent.ts";

/** `transBatchA` and `transBatchB` bring the first axis behind the batches; `transA` and `transB` then swap the last two. */
function batchTransposable(view: NodeView): Operands {
  return {
    left: transposed(view.shape(0), view.flag("transBatchA"), view.flag("transA")),
    right: transposed(view.shape(1), view.flag("transBatchB"), view.flag("transB")),
  };
}

function transposed(shape: Shape | undefined, isBatchMoved: boolean, isSwapped: boolean): Shape | undefined {
  const moved =
    isBatchMoved && shape && shape.length > 2
      ? [...shape.slice(1, -1), ...shape.slice(0, 1), ...shape.slice(-1)]
      : shape;
  return isSwapped ? transposeMatrix(moved) : moved;
}

/** A [K, N] weight that is stored in a form of its own, its sizes in the attributes. */
function packedOperands(view: NodeView): Operands {
  const weight = [view.int("K") ?? UNKNOWN_SIZE, view.int("N") ?? UNKNOWN_SIZE];
  const isTurned = view.op === "MatMulBnb4" && view.int("transB", 1) === 0;
  return { left: view.shape(0), right: isTurned ? transposeMatrix(weight) : weight };
}

const TYPE_OF_BITS: Readonly<Record<number, DataType | undefined>> = { 2: "uint2", 4: "uint4", 8: "uint8" };

/** K×N elements of `bits` bits at the positions of packed weights. Widths without a type of their own are left as bytes. */
function packedElements(positions: readonly number[]): NonNullable<OperatorRule["weightElements"]> {
  return (view, input): LogicalWeight | undefined => {
    const inner = view.int("K");
    const columns = view.int("N");
    const dataType = TYPE_OF_BITS[view.int("bits", 4)];
    if (!positions.includes(input) || inner === undefined || columns === undefined || !dataType) return undefined;
    const elements = inner * columns;
    const blockSize = view.int("block_size");
    const encoding = affine({ granularity: "block", axis: 0, ...(blockSize !== undefined && { blockSize }) });
    return elements >= 0 ? { elements, dataType, encoding } : undefined;
  };
}

/** From this level on, activations are rounded to 8 bits. Source: ONNX Runtime's MatMulNBits. */
const INTEGER_ACCURACY_LEVEL = 4;

function blockwiseType(view: NodeView): DataType | undefined {
  return view.int("accuracy_level", 0) >= INTEGER_ACCURACY_LEVEL ? "int8" : view.dataType(0);
}

/** A, B (packed), scales, zero_points?, g_idx?, bias? */
const MATMUL_NBITS = matrixProduct({
  operands: packedOperands,
  bias: 5,
  configuration: [2, 3, 4],
  weightElements: packedElements([1]),
  computesIn: blockwiseType,
});

/** A, skip?, norm_scale?, gate_B, gate_scales, gate_bias?, up_B, up_scales, up_bias? → activation(gate)·up, A + skip */
const MATMUL_NBITS_MLP: OperatorRule = {
  describe: (view) => {
    const { left, right } = packedOperands(view);
    const one = matmulGeometry(left, right);
    const activation = view.text("activation", "silu");
    return {
      outputs: [inferredType(view.dataType(0), matmulShape(left, right)), sameAs(view)],
      operation: {
        kind: "dense",
        geometry: { ...one, columns: multiply(2, one.columns), hasBias: view.has(5) || view.has(8), activation },
      },
    };
  },
  configuration: [4, 7],
  weightElements: packedElements([3, 6]),
  computesIn: blockwiseType,
};

/** A, B, a_scale, b_scale, a_zero_point?, b_zero_point?, bias? */
const MATMUL_INTEGER_TO_FLOAT = matrixProduct({
  bias: 6,
  outputType: (view) => view.dataType(2),
  configuration: [2, 3, 4, 5],
});

/** A, a_scale, a_zero_point, B, b_scale, b_zero_point, C?, y_scale?, y_zero_point? → float32 without an output scale. */
const QGEMM = matrixProduct({
  right: 3,
  bias: 6,
  operands: transposable(0, 3),
  outputType: (view) => (view.has(8) ? view.dataType(8) : "float32"),
  configuration: [1, 2, 4, 5, 7, 8],
});

/** input, router_probs, fc1 weights and bias, fc2 …, fc3 …: `k` experts work on each token. */
function mixtureOfExperts(
  first: number,
  second: number,
  third: number,
  packing: (view: NodeView) => number,
): OperatorRule {
  return {
    describe: (view) => {
      const input = view.shape(0);
      const tokens = multiply(product(input?.slice(0, -1) ?? [UNKNOWN_SIZE]), view.int("k", 1));
      const hidden = input?.at(-1) ?? UNKNOWN_SIZE;
      const columns = [first, second, third].reduce<Dimension>((sum, position) => {
        if (!view.has(position)) return sum;
        return addProduct(sum, expertProduct(view.shape(position), packing(view)), hidden);
      }, 0);
      const geometry = { batch: tokens, rows: 1, inner: hidden, columns, hasBias: false };
      view.note("Counted as the chosen experts alone, each at its full size.");
      return { outputs: [sameAs(view)], operation: { kind: "dense", geometry } };
    },
  };
}

/** Weights of one expert: rows × columns, where `packing` of them share a byte. */
function expertProduct(shape: Shape | undefined, packing: number): Dimension {
  return multiply(product(shape?.slice(1) ?? [UNKNOWN_SIZE]), packing);
}

/** Every weight of an expert is multiplied once for a token: as many columns as weights over the inner size. */
function addProduct(columns: Dimension, weights: Dimension, inner: Dimension): Dimension {
  const more = floorDivide(weights, inner);
  return typeof columns === "number" && typeof more === "number" ? columns + more : UNKNOWN_SIZE;
}

/** Experts' weights with their packing undone. */
function expertElements(positions: readonly number[]): NonNullable<OperatorRule["weightElements"]> {
  return (view, input) => {
    const bits = view.int("expert_weight_bits", 4);
    const shape = view.shape(input);
    const dataType = TYPE_OF_BITS[bits];
    const isPacked = positions.includes(input) && view.dataType(input) === "uint8";
    if (!isPacked || dataType === undefined || !shape || !isStatic(shape)) return undefined;
    return { elements: shape.reduce((elements, size) => elements * size, 8 / bits), dataType };
  };
}

/** X (sequence first), W and R with gates last, B?, sequence_lens?, initial_h?, initial_c?, P?, four scales and zero points. */
const DYNAMIC_QUANTIZE_LSTM = recurrent({
  cell: "lstm",
  gates: 4,
  configuration: [4, 8, 9, 10, 11],
  hasGatesLast: true,
});

const FUSED_MATMUL = matrixProduct({ operands: batchTransposable });

/** Matrix products that ONNX Runtime's optimizers and quantizers write. */
export const MICROSOFT_PRODUCTS: Readonly<Record<string, OperatorRule>> = {
  FusedMatMul: FUSED_MATMUL,
  FusedMatMulActivation: FUSED_MATMUL,
  TransposeMatMul: FUSED_MATMUL,
  SparseToDenseMatMul: matrixProduct({ operands: transposable(), outputType: (view) => view.dataType(1) }),
  FusedGemm: matrixProduct({ operands: transposable(), bias: 2 }),
  GemmFastGelu: matrixProduct({ bias: 2, activation: "gelutanh" }),
  GemmFloat8: matrixProduct({
    operands: transposable(),
    bias: 2,
    outputType: (view) => dataTypeOf(view.int("dtype", 1)),
    configuration: [3, 4, 5],
  }),
  QGemm: QGEMM,
  MatMulInteger16: matrixProduct({ outputType: productType16 }),
  MatMulIntegerToFloat: MATMUL_INTEGER_TO_FLOAT,
  // A, B, b_scale, b_zero_point?, bias?
  DynamicQuantizeMatMul: { ...matrixProduct({ bias: 4, configuration: [2, 3] }), mixesAlong: everyAxis },
  MatMulNBits: MATMUL_NBITS,
  MatMulBnb4: matrixProduct({
    operands: packedOperands,
    configuration: [2],
    weightElements: packedElements([1]),
    computesIn: (view) => view.dataType(0),
  }),
  MatMulNBitsMlp: MATMUL_NBITS_MLP,
  // A, B, B_shape
  MatMulFpQ4: matrixProduct({
    operands: (view) => ({ left: view.shape(0), right: view.value(2) ?? [UNKNOWN_SIZE, UNKNOWN_SIZE] }),
    configuration: [2],
  }),
  // A, scale_A, B, scale_B, scale_Y, bias?, C?, scale_C?
  QOrderedMatMul: matrixProduct({ right: 2, bias: 5, configuration: [1, 3, 4, 7] }),
  MoE: mixtureOfExperts(2, 4, 6, () => 1),
  QMoE: {
    ...mixtureOfExperts(2, 5, 8, (view) => (view.dataType(2) === "uint8" ? 8 / view.int("expert_weight_bits", 4) : 1)),
    configuration: [3, 6, 9, 11, 12, 13, 15, 16, 17, 18, 19, 20],
    weightElements: expertElements([2, 5, 8]),
    computesIn: (view) => view.dataType(0),
  },
  DynamicQuantizeLSTM: { ...DYNAMIC_QUANTIZE_LSTM, mixesAlong: everyAxis },
};

/** Unsigned only when both operands are. */
function productType16(view: NodeView): DataType {
  return view.dataType(0) === "uint16" && view.dataType(1) === "uint16" ? "uint32" : "int32";
}
