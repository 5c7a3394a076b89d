import { OPERATIONS_PER_ELEMENT, type ElementFunction } from "../../../operators/operations-per-element.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { broadcastShapes } from "../../../shapes/broadcast.ts";
import { concatShapes } from "../../../shapes/concat.ts";
import { reduceShape } from "../../../shapes/reduce.ts";
import { dataTypeOf } from "../data-types.ts";
import { QLINEAR_CONVOLUTION } from "./convolution.ts";
import { inferredType, mapShape, sameAs } from "./inferred-types.ts";
import { globalPooling, pooling } from "./pooling.ts";
import { DEQUANTIZE_LINEAR, QUANTIZE_LINEAR } from "./quantization.ts";
import { layoutByFlag } from "./spatial.ts";

/** A, A_scale, A_zero_point?, B, B_scale, B_zero_point?, C_scale, C_zero_point? */
const BINARY: OperatorRule = {
  describe: (view) => ({
    outputs: [inferredType(view.dataType(0), broadcastShapes([view.shape(0), view.shape(3)]))],
    operation: { kind: "elementwise", geometry: { opsPerElement: OPERATIONS_PER_ELEMENT.arithmetic } },
  }),
  configuration: [1, 2, 4, 5, 6, 7],
};

/** X, X_scale, X_zero_point?, Y_scale, Y_zero_point?: four inputs beside the data that only say how to compute. */
const UNARY_CONFIGURATION = [1, 2, 3, 4];

function activation(name: ElementFunction): OperatorRule {
  return {
    describe: (view) => ({
      outputs: [sameAs(view)],
      operation: { kind: "activation", geometry: { opsPerElement: OPERATIONS_PER_ELEMENT[name] } },
    }),
    configuration: UNARY_CONFIGURATION,
  };
}

/** Y_scale, Y_zero_point, then a tensor, its scale and its zero point, over and over. */
const CONCAT: OperatorRule = {
  infer: (view) => {
    const shapes = concatenated(view).map((position) => view.shape(position));
    const known = shapes.filter((shape) => shape !== undefined);
    const shape = known.length === shapes.length ? concatShapes(known, view.int("axis", 0)) : undefined;
    return [inferredType(view.dataType(1), shape)];
  },
  kind: "data-movement",
  configuration: (view) => {
    const data = new Set(concatenated(view));
    return view.inputs.map((_, position) => position).filter((position) => !data.has(position));
  },
};

function concatenated(view: NodeView): readonly number[] {
  return view.inputs.map((_, position) => position).filter((position) => position >= 2 && (position - 2) % 3 === 0);
}

const REDUCE_MEAN: OperatorRule = {
  infer: (view) => [inferredType(view.dataType(0), reducedShape(view))],
  kind: "reduce",
  configuration: UNARY_CONFIGURATION,
};

const REDUCE_SUM_INTEGER: OperatorRule = {
  infer: (view) => [inferredType(view.dataType(0) === "uint8" ? "uint32" : "int32", reducedShape(view))],
  kind: "reduce",
};

function reducedShape(view: NodeView) {
  return mapShape(view.shape(0), (shape) => reduceShape(shape, view.ints("axes"), view.flag("keepdims", true)));
}

/** condition, X, x_scale, x_zero_point, Y, y_scale, y_zero_point, z_scale, z_zero_point */
const WHERE: OperatorRule = {
  describe: (view) => ({
    outputs: [inferredType(view.dataType(1), broadcastShapes([view.shape(0), view.shape(1), view.shape(4)]))],
    operation: { kind: "elementwise", geometry: { opsPerElement: OPERATIONS_PER_ELEMENT.select } },
  }),
  configuration: [2, 3, 5, 6, 7, 8],
};

/** A, A_zero_point?, B, B_zero_point? */
const MUL_INTEGER: OperatorRule = {
  describe: (view) => ({
    outputs: [inferredType("int32", broadcastShapes([view.shape(0), view.shape(2)]))],
    operation: { kind: "elementwise", geometry: { opsPerElement: OPERATIONS_PER_ELEMENT.arithmetic } },
  }),
  configuration: [1, 3],
};

/** Matrices brought into a layout of their own; the shape stays. */
const QUANTIZE_WITH_ORDER: OperatorRule = {
  infer: (view) => [inferredType("int8", view.shape(0))],
  kind: "quantize",
  configuration: [1],
  carries: 0,
};

const DEQUANTIZE_WITH_ORDER: OperatorRule = {
  infer: (view) => [inferredType(dataTypeOf(view.int("to")), view.shape(0))],
  kind: "quantize",
  configuration: [1],
  carries: 0,
};

/** Operators on quantized tensors, as ONNX Runtime's quantizer writes them. */
export const MICROSOFT_QUANTIZED: Readonly<Record<string, OperatorRule>> = {
  QLinearAdd: BINARY,
  QLinearMul: BINARY,
  QLinearSigmoid: activation("sigmoid"),
  QLinearLeakyRelu: activation("leakyRelu"),
  QLinearSoftmax: { infer: (view) => [sameAs(view)], kind: "softmax", configuration: UNARY_CONFIGURATION },
  QLinearAveragePool: pooling({ mode: "average", layout: layoutByFlag, configuration: UNARY_CONFIGURATION }),
  QLinearGlobalAveragePool: globalPooling({
    mode: "average",
    layout: layoutByFlag,
    configuration: UNARY_CONFIGURATION,
  }),
  QLinearConcat: CONCAT,
  QLinearReduceMean: REDUCE_MEAN,
  QLinearWhere: WHERE,
  QLinearConv: QLINEAR_CONVOLUTION,
  MulInteger: MUL_INTEGER,
  ReduceSumInteger: REDUCE_SUM_INTEGER,
  QuantizeLinear: QUANTIZE_LINEAR,
  DequantizeLinear: DEQUANTIZE_LINEAR,
  QuantizeWithOrder: QUANTIZE_WITH_ORDER,
  DequantizeWithOrder: DEQUANTIZE_WITH_ORDER,
  QOrderedGelu: { ...activation("gelu"), configuration: [1, 2] },
};
