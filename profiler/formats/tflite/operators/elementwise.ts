import type { DataType } from "../../../model/data-type.ts";
import { isStatic, type Shape } from "../../../model/shape.ts";
import { OPERATIONS_PER_ELEMENT, type ElementFunction } from "../../../operators/operations-per-element.ts";
import { scaled } from "../../../operators/decoding.ts";
import { inferredType } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { broadcastShapes } from "../../../shapes/broadcast.ts";
import { knownTensor, knownTensors } from "../../../shapes/known-tensor.ts";
import { elementwiseValue, whereValue, type BinaryOp, type UnaryOp } from "../../../shapes/values.ts";
import { fusedActivation, outputType, type Rules } from "./common.ts";

interface Options {
  /** What small integer tensors, of which shapes are computed, become. */
  readonly value?: BinaryOp | UnaryOp;
  readonly result?: DataType;
  readonly cost?: ElementFunction;
  /** Instead of what broadcasting the operands makes. */
  readonly output?: (view: NodeView) => InferredType;
}

/** One output element from one of each operand, broadcast as NumPy does. */
function elementwise(
  operands: number,
  { value, result, cost = "arithmetic", output = broadcast(operands, value, result) }: Options,
): OperatorRule {
  return {
    describe: (view) => ({
      outputs: [output(view)],
      operation: { kind: "elementwise", geometry: { opsPerElement: OPERATIONS_PER_ELEMENT[cost] + fusedOps(view) } },
    }),
    inPlace: Array.from({ length: operands }, (_, index) => index),
  };
}

function broadcast(
  operands: number,
  value: Options["value"],
  result: Options["result"],
): (view: NodeView) => InferredType {
  return (view) => {
    const inferredTypes = Array.from({ length: operands }, (_, index) => view.input(index));
    const shape = broadcastShapes(inferredTypes.map((operand) => operand.shape));
    const isPlain = fusedActivation(view).activation === undefined;
    return inferredType(
      result ?? outputType(view),
      shape,
      value && isPlain ? combined(value, inferredTypes, shape) : undefined,
    );
  };
}

function combined(
  op: BinaryOp | UnaryOp,
  inferredTypes: readonly InferredType[],
  shape: Shape | undefined,
): InferredType["value"] {
  const known = knownTensors(inferredTypes);
  const dataType = inferredTypes[0]?.dataType;
  if (known === undefined || shape === undefined || !isStatic(shape) || dataType === undefined) return undefined;
  return elementwiseValue(op, known, shape, dataType);
}

const FUSED_COSTS: Readonly<Record<string, ElementFunction>> = {
  relu: "relu",
  relu6: "relu6",
  relu_n1_to_1: "clip",
  tanh: "tanh",
  sign_bit: "abs",
};

/** Operations of the activation in ADD, MUL and their like, for each element. */
function fusedOps(view: NodeView): number {
  const cost = FUSED_COSTS[fusedActivation(view).activation ?? ""];
  return cost === undefined ? 0 : OPERATIONS_PER_ELEMENT[cost];
}

const unary = (value?: UnaryOp, cost: ElementFunction = "function"): OperatorRule =>
  elementwise(1, value === undefined ? { cost } : { value, cost });
const binary = (value?: BinaryOp, cost: ElementFunction = "arithmetic"): OperatorRule =>
  elementwise(2, value === undefined ? { cost } : { value, cost });
const comparison = (value: BinaryOp): OperatorRule => elementwise(2, { value, result: "bool" });

const SELECT: OperatorRule = { ...elementwise(3, { cost: "select", output: selected }), inPlace: [1, 2] };

function selected(view: NodeView): InferredType {
  const [condition, yes, no] = [view.input(0), view.input(1), view.input(2)];
  // SELECT of the first schema takes a vector of conditions, one for each row.
  const isByRow = condition.shape?.length === 1 && (yes.shape?.length ?? 0) > 1 && view.op === "SELECT";
  const shape = broadcastShapes([...(isByRow ? [] : [condition.shape]), yes.shape, no.shape]);
  const [test, a, b] = [condition, yes, no].map(knownTensor);
  const value = test && a && b && shape && isStatic(shape) && !isByRow ? whereValue([test, a, b], shape) : undefined;
  return inferredType(view.dataType(1), shape, value);
}

const ADD_N: OperatorRule = {
  describe: (view) => ({
    outputs: [inferredType(view.dataType(0), broadcastShapes(view.inputs.map((input) => input?.shape)))],
    operation: { kind: "elementwise", geometry: { opsPerElement: Math.max(1, view.inputs.length - 1) } },
  }),
  inPlace: [0],
};

/** One element, as wide as a real part, from each complex one. */
const COMPLEX_PART: OperatorRule = {
  ...elementwise(1, {
    cost: "function",
    output: (view) => inferredType(view.dataType(0) === "complex128" ? "float64" : "float32", view.shape(0)),
  }),
  inPlace: [],
};

/** Operators that compute each element of their output from one element of each input. */
export const ELEMENTWISE: Rules = {
  ADD: { ...binary("add"), decodes: scaled },
  SUB: { ...binary("sub"), decodes: scaled },
  MUL: { ...binary("mul"), decodes: scaled },
  DIV: { ...binary("div"), decodes: scaled },
  FLOOR_DIV: binary("floorDiv"),
  FLOOR_MOD: binary("mod"),
  POW: binary("pow"),
  MAXIMUM: binary("max"),
  MINIMUM: binary("min"),
  SQUARED_DIFFERENCE: binary(undefined, "squaredDifference"),
  ATAN2: binary(undefined, "function"),
  BITWISE_XOR: binary(),
  RIGHT_SHIFT: binary(),
  ADD_N,

  EQUAL: comparison("equal"),
  NOT_EQUAL: comparison("notEqual"),
  LESS: comparison("less"),
  LESS_EQUAL: comparison("lessOrEqual"),
  GREATER: comparison("greater"),
  GREATER_EQUAL: comparison("greaterOrEqual"),
  LOGICAL_AND: comparison("and"),
  LOGICAL_OR: comparison("or"),
  LOGICAL_NOT: elementwise(1, { value: "not", result: "bool" }),
  SELECT,
  SELECT_V2: SELECT,

  ABS: unary("abs", "abs"),
  NEG: unary("neg"),
  SIGN: unary("sign"),
  FLOOR: unary("floor"),
  CEIL: unary("ceil"),
  ROUND: unary("round"),
  SQRT: unary("sqrt"),
  RSQRT: unary("rsqrt", "rsqrt"),
  SQUARE: unary("square", "arithmetic"),
  EXP: unary("exp"),
  LOG: unary("log"),
  SIN: unary("sin"),
  COS: unary("cos"),
  REAL: COMPLEX_PART,
  IMAG: COMPLEX_PART,
  COMPLEX_ABS: COMPLEX_PART,
  BUCKETIZE: elementwise(1, { cost: "function", output: (view) => inferredType("int32", view.shape(0)) }),

  STABLEHLO_ADD: binary("add"),
  STABLEHLO_SUBTRACT: binary("sub"),
  STABLEHLO_MULTIPLY: binary("mul"),
  STABLEHLO_DIVIDE: binary("div"),
  STABLEHLO_REMAINDER: binary("fmod"),
  STABLEHLO_POWER: binary("pow"),
  STABLEHLO_MAXIMUM: binary("max"),
  STABLEHLO_MINIMUM: binary("min"),
  STABLEHLO_AND: binary(),
  STABLEHLO_OR: binary(),
  STABLEHLO_SHIFT_LEFT: binary(),
  STABLEHLO_COMPARE: elementwise(2, { result: "bool" }),
  STABLEHLO_SELECT: SELECT,
  STABLEHLO_ABS: unary("abs", "abs"),
  STABLEHLO_NEGATE: unary("neg"),
  STABLEHLO_FLOOR: unary("floor"),
  STABLEHLO_EXPONENTIAL: unary("exp"),
  STABLEHLO_LOG: unary("log"),
  STABLEHLO_COSINE: unary("cos"),
  STABLEHLO_RSQRT: unary("rsqrt", "rsqrt"),
  STABLEHLO_CBRT: unary(),
  // The bounds stand around the operand: minimum, operand, maximum.
  STABLEHLO_CLAMP: {
    ...elementwise(1, { cost: "clip", output: (view) => inferredType(view.dataType(1), view.shape(1)) }),
    configuration: [0, 2],
    inPlace: [1],
  },
};
