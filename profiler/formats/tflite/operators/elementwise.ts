import { ownEntry } from "../../../own-entry.ts";
import type { DataType } from "../../../model/data-type.ts";
import { elementsOf, isStatic, type Shape } from "../../../model/shape.ts";
import { OPERATIONS_PER_ELEMENT, type ElementFunction } from "../../../operators/operations-per-element.ts";
import { scaled } from "../../../operators/decoding.ts";
import { inferredType } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { broadcastShapes } from "../../../shapes/broadcast.ts";
import { knownTensor, knownTensors } from "../../../shapes/known-tensor.ts";
import { elementwiseValue, whereValue, type BinaryOp, type UnaryOp } from "../../../shapes/values.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import { liftElementwise, liftUnary, unaryLift } from "../../../neutral/element-forms.ts";
import type { ElementwiseForm } from "../../../neutral/forms.ts";
import { NotLiftable } from "../../../neutral/native-layer.ts";
import type { Lowering, Operator } from "../../../neutral/operator.ts";
import type { ElementwiseFunction } from "../../../operators/operation.ts";
import { fusedOption } from "../restructure/fused-activation.ts";
import type { OperatorWriter } from "../restructure/operator-writer.ts";
import type { TfliteLayer } from "../restructure/tflite-layer.ts";
import { writeWeights } from "../restructure/weight-writer.ts";
import { fusedActivation, outputType, type Rules } from "./common.ts";

interface Options {
  /** What small integer tensors, of which shapes are computed, become. */
  readonly value?: BinaryOp | UnaryOp;
  readonly result?: DataType;
  readonly cost?: ElementFunction;
  readonly fn?: ElementwiseFunction;
  /** Instead of what broadcasting the operands makes. */
  readonly output?: (view: NodeView) => InferredType;
}

/** One output element from one of each operand, broadcast as NumPy does. */
function elementwise(
  operands: number,
  { value, result, fn, cost = "arithmetic", output = broadcast(operands, value, result) }: Options,
): OperatorRule {
  return {
    describe: (view) => ({
      outputs: [output(view)],
      operation: {
        kind: "elementwise",
        geometry: { opsPerElement: OPERATIONS_PER_ELEMENT[cost] + fusedOps(view), ...(fn && { fn }) },
      },
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
  const cost = ownEntry(FUSED_COSTS, fusedActivation(view).activation ?? "");
  return cost === undefined ? 0 : OPERATIONS_PER_ELEMENT[cost];
}

const unary = (value?: UnaryOp, cost: ElementFunction = "function"): OperatorRule =>
  elementwise(1, value === undefined ? { cost } : { value, cost });
const binary = (value?: BinaryOp, cost: ElementFunction = "arithmetic"): OperatorRule =>
  elementwise(2, value === undefined ? { cost } : { value, cost });
/** What restructurings know of two operands. */
const operands = (fn: ElementwiseFunction, value: BinaryOp): Operator<TfliteLayer> => ({
  ...elementwise(2, { fn, value }),
  lift: liftOperands,
});

function liftOperands(layer: TfliteLayer): Lifted {
  const lifted = liftElementwise(layer, layer.fused());
  const { form } = lifted;
  const constant = form.kind === "elementwise" ? form.constant : undefined;
  if (constant === undefined) return lifted;
  const { length: rank } = layer.shape(layer.isConstant(0) ? 1 : 0);
  if (constant.shape.length > rank && (elementsOf(constant.shape) ?? 0) > 1)
    throw new NotLiftable("its constant has more axes than its input");
  return lifted;
}

const OPERATOR_OF: Readonly<Record<ElementwiseFunction, string>> = {
  add: "ADD",
  subtract: "SUB",
  multiply: "MUL",
  divide: "DIV",
  minimum: "MINIMUM",
  maximum: "MAXIMUM",
  power: "POW",
};

const WITHOUT_FUSED_OPTION = new Set(["MINIMUM", "MAXIMUM", "POW"]);

async function writeElementwise(form: ElementwiseForm, writer: OperatorWriter): Promise<void> {
  const { fn, constant, isConstantFirst } = form;
  const { input, layer } = writer;
  const op = OPERATOR_OF[fn];
  const options = WITHOUT_FUSED_OPTION.has(op) ? {} : fusedOption(form.activation);
  if (constant === undefined) {
    writer.operator(op, layer.inputs, options);
    return;
  }
  const operand = await writeWeights(writer, constant, { role: "operand", channelAxis: 0, isPerChannel: false });
  writer.operator(op, isConstantFirst ? [operand, input] : [input, operand], options);
}

export const WRITE_ELEMENTWISE: Lowering<OperatorWriter> = { elementwise: writeElementwise };

const logical = (value: BinaryOp): OperatorRule => elementwise(2, { value, result: "bool" });
const comparison = (value: BinaryOp): OperatorRule => ({ ...logical(value), compares: "order" });

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
  ADD: { ...operands("add", "add"), decodes: scaled },
  SUB: { ...operands("subtract", "sub"), decodes: scaled },
  MUL: { ...operands("multiply", "mul"), decodes: scaled },
  DIV: { ...operands("divide", "div"), decodes: scaled },
  FLOOR_DIV: binary("floorDiv"),
  FLOOR_MOD: binary("mod"),
  POW: operands("power", "pow"),
  MAXIMUM: operands("maximum", "max"),
  MINIMUM: operands("minimum", "min"),
  SQUARED_DIFFERENCE: binary(undefined, "squaredDifference"),
  ATAN2: binary(undefined, "function"),
  BITWISE_XOR: binary(),
  RIGHT_SHIFT: binary(),
  ADD_N,

  EQUAL: { ...logical("equal"), compares: "equal" },
  NOT_EQUAL: { ...logical("notEqual"), compares: "equal" },
  LESS: comparison("less"),
  LESS_EQUAL: comparison("lessOrEqual"),
  GREATER: comparison("greater"),
  GREATER_EQUAL: comparison("greaterOrEqual"),
  LOGICAL_AND: logical("and"),
  LOGICAL_OR: logical("or"),
  LOGICAL_NOT: elementwise(1, { value: "not", result: "bool" }),
  SELECT,
  SELECT_V2: SELECT,

  ABS: { ...unary("abs", "abs"), lift: unaryLift("absolute") },
  NEG: { ...unary("neg"), lift: unaryLift("negative") },
  SIGN: { ...unary("sign"), lift: liftUnary },
  FLOOR: { ...unary("floor"), lift: liftUnary },
  CEIL: { ...unary("ceil"), lift: liftUnary },
  ROUND: { ...unary("round"), lift: liftUnary },
  SQRT: { ...unary("sqrt"), lift: unaryLift("root") },
  RSQRT: { ...unary("rsqrt", "rsqrt"), lift: unaryLift("root-reciprocal") },
  SQUARE: { ...unary("square", "arithmetic"), lift: unaryLift("square") },
  EXP: { ...unary("exp"), lift: unaryLift("exponential") },
  LOG: { ...unary("log"), lift: unaryLift("logarithm") },
  SIN: { ...unary("sin"), lift: unaryLift("sine") },
  COS: { ...unary("cos"), lift: unaryLift("cosine") },
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
