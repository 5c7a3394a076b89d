import type { DataType } from "../../../model/data-type.ts";
import { isStatic, type Shape } from "../../../model/shape.ts";
import { scaled } from "../../../operators/decoding.ts";
import type { ElementwiseFunction, Operation } from "../../../operators/operation.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { OPERATIONS_PER_ELEMENT, type ElementFunction } from "../../../operators/operations-per-element.ts";
import { broadcastShapes } from "../../../shapes/broadcast.ts";
import { knownTensor, knownTensors, type KnownTensor } from "../../../shapes/known-tensor.ts";
import { elementwiseValue, whereValue, type BinaryOp, type UnaryOp } from "../../../shapes/values.ts";
import type { TensorId } from "../../../model/model.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import { liftElementwise, liftUnary, unaryLift } from "../../../neutral/element-forms.ts";
import type { ElementwiseForm } from "../../../neutral/forms.ts";
import { NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";
import type { Lowering, Operators } from "../../../neutral/operator.ts";
import type { NodeWriter } from "../restructure/node-writer.ts";
import { inferredType } from "./inferred-types.ts";

/** Up to this version, a second operand was stretched only with attribute `broadcast`, from `axis` on, and never the first. */
const LAST_WITH_LIMITED_BROADCAST = 6;

interface BinaryOptions {
  readonly fn?: ElementwiseFunction;
  readonly value?: BinaryOp | ((view: NodeView) => BinaryOp);
  readonly result?: DataType;
}

/** One output element from one of each operand, broadcast as NumPy does. */
function binary({ fn, value, result }: BinaryOptions = {}): OperatorRule {
  return {
    describe: (view) => {
      const operands = [view.input(0), alignedOperand(view)];
      const shape = broadcastShapes(operands.map((operand) => operand.shape));
      const dataType = view.dataType(0) ?? view.dataType(1);
      const op = typeof value === "function" ? value(view) : value;
      const elements = op && combined(op, operands, shape, dataType);
      return { outputs: [inferredType(result ?? dataType, shape, elements)], operation: elementwise("arithmetic", fn) };
    },
    inPlace: [0, 1],
  };
}

/** `fmod` is an attribute of Mod, so its operator is known only with the node. */
const MOD = binary({ value: (view) => (view.flag("fmod") ? "fmod" : "mod") });

/** Any number of operands, combined two by two. */
function variadic(
  op?: BinaryOp,
  fn?: ElementwiseFunction,
  opsPerElement = (operands: number): number => Math.max(1, operands - 1),
): OperatorRule {
  return {
    describe: (view) => {
      const operands = view.inputs.map((_, index) => view.input(index));
      const shape = broadcastShapes(operands.map((operand) => operand.shape));
      const dataType = view.dataType(0);
      return {
        outputs: [inferredType(dataType, shape, op && combined(op, operands, shape, dataType))],
        operation: {
          kind: "elementwise",
          geometry: { opsPerElement: opsPerElement(operands.length), ...(fn && { fn }) },
        },
      };
    },
    inPlace: [0, 1],
  };
}

/** Divides by the number of operands as well. */
const MEAN = variadic(undefined, undefined, (operands) => operands);

const WHERE: OperatorRule = {
  describe: (view) => {
    const operands = [view.input(0), view.input(1), view.input(2)];
    const shape = broadcastShapes(operands.map((operand) => operand.shape));
    const [condition, yes, no] = operands.map(knownTensor);
    const isKnown = condition && yes && no && shape && isStatic(shape);
    const value = isKnown ? whereValue([condition, yes, no], shape) : undefined;
    return {
      outputs: [inferredType(view.dataType(1) ?? view.dataType(2), shape, value)],
      operation: elementwise("select"),
    };
  },
  inPlace: [1, 2],
};

interface UnaryOptions {
  readonly value?: UnaryOp;
  readonly result?: DataType;
  readonly cost?: ElementFunction;
}

function unary({ value, result, cost = "function" }: UnaryOptions = {}): OperatorRule {
  return {
    describe: (view) => {
      const { dataType, shape } = view.input(0);
      const elements = value && applied(value, view.input(0));
      return { outputs: [inferredType(result ?? dataType, shape, elements)], operation: elementwise(cost) };
    },
    inPlace: [0],
  };
}

function elementwise(cost: ElementFunction, fn?: ElementwiseFunction): Operation {
  return { kind: "elementwise", geometry: { opsPerElement: OPERATIONS_PER_ELEMENT[cost], ...(fn && { fn }) } };
}

/** The second operand with the 1s behind it that the old `axis` attribute stands for. */
function alignedOperand(view: NodeView): InferredType {
  const second = view.input(1);
  const axis = view.int("axis");
  const rank = view.shape(0)?.length;
  if (view.version > LAST_WITH_LIMITED_BROADCAST || axis === undefined || rank === undefined || !second.shape) {
    return second;
  }
  const start = axis < 0 ? axis + rank : axis;
  const behind = Math.max(0, rank - start - second.shape.length);
  const shape: Shape = [...second.shape, ...Array.from({ length: behind }, () => 1)];
  return inferredType(second.dataType, shape, second.value);
}

/** The operands combined from the left. */
function combined(
  op: BinaryOp,
  inferredTypes: readonly InferredType[],
  shape: Shape | undefined,
  dataType: DataType | undefined,
): InferredType["value"] {
  const [first, ...others] = knownTensors(inferredTypes) ?? [];
  if (first === undefined || shape === undefined || !isStatic(shape) || dataType === undefined) return undefined;
  return others.reduce<KnownTensor | undefined>((total, operand) => {
    const value = total && elementwiseValue(op, [total, operand], shape, dataType);
    return value && { value, shape };
  }, first)?.value;
}

function applied(op: UnaryOp, operand: InferredType): InferredType["value"] {
  const known = knownTensor(operand);
  if (known === undefined || operand.dataType === undefined) return undefined;
  return elementwiseValue(op, [known], known.shape, operand.dataType);
}

const logical = (value: BinaryOp): OperatorRule => binary({ value, result: "bool" });
const comparison = (value: BinaryOp): OperatorRule => ({ ...logical(value), compares: "order" });

/** Since opset 7 operands are broadcast as NumPy does. */
const FIRST_WITH_BROADCAST = LAST_WITH_LIMITED_BROADCAST + 1;

function lift(layer: NativeLayer): Lifted {
  const { view } = layer;
  if (view.inputs.length !== 2) throw new NotLiftable("it does not have two operands");
  if (view.version < FIRST_WITH_BROADCAST && view.flag("broadcast"))
    throw new NotLiftable("it stretches its operand as old versions do");
  return liftElementwise(layer);
}

const OPERATOR_OF: Readonly<Record<ElementwiseFunction, string>> = {
  add: "Add",
  subtract: "Sub",
  multiply: "Mul",
  divide: "Div",
  minimum: "Min",
  maximum: "Max",
  power: "Pow",
};

async function writeElementwise(form: ElementwiseForm, writer: NodeWriter): Promise<void> {
  const { fn, constant, isConstantFirst } = form;
  writer.needsOpset(FIRST_WITH_BROADCAST, "broadcasting");
  const operand = constant && (await writer.weights("operand", constant));
  const inputs = operand === undefined ? writer.layer.inputs : withOperand(writer.input, operand, isConstantFirst);
  writer.node(OPERATOR_OF[fn], inputs);
}

function withOperand(input: TensorId, operand: TensorId, isFirst: boolean): readonly TensorId[] {
  return isFirst ? [operand, input] : [input, operand];
}

export const WRITE_ELEMENTWISE: Lowering<NodeWriter> = { elementwise: writeElementwise };

/** Operators that compute each element of their output from one element of each input. */
export const ELEMENTWISE: Operators = {
  Add: { ...binary({ fn: "add", value: "add" }), lift, decodes: scaled },
  Sub: { ...binary({ fn: "subtract", value: "sub" }), lift, decodes: scaled },
  Mul: { ...binary({ fn: "multiply", value: "mul" }), lift, decodes: scaled },
  Div: { ...binary({ fn: "divide", value: "div" }), lift, decodes: scaled },
  Mod: MOD,
  Pow: { ...binary({ fn: "power", value: "pow" }), lift },
  BitShift: binary(),
  BitwiseAnd: binary(),
  BitwiseOr: binary(),
  BitwiseXor: binary(),
  And: logical("and"),
  Or: logical("or"),
  Xor: logical("xor"),
  Equal: { ...logical("equal"), compares: "equal" },
  Less: comparison("less"),
  LessOrEqual: comparison("lessOrEqual"),
  Greater: comparison("greater"),
  GreaterOrEqual: comparison("greaterOrEqual"),

  Sum: { ...variadic("add", "add"), lift },
  Max: { ...variadic("max", "maximum"), lift },
  Min: { ...variadic("min", "minimum"), lift },
  Mean: MEAN,
  Where: WHERE,

  Abs: { ...unary({ value: "abs" }), lift: unaryLift("absolute") },
  Neg: { ...unary({ value: "neg" }), lift: unaryLift("negative") },
  Floor: { ...unary({ value: "floor" }), lift: liftUnary },
  Ceil: { ...unary({ value: "ceil" }), lift: liftUnary },
  Round: { ...unary({ value: "round" }), lift: liftUnary },
  Sign: { ...unary({ value: "sign" }), lift: liftUnary },
  Sqrt: { ...unary({ value: "sqrt" }), lift: unaryLift("root") },
  Reciprocal: { ...unary({ value: "reciprocal", cost: "reciprocal" }), lift: unaryLift("reciprocal") },
  Exp: { ...unary({ value: "exp" }), lift: unaryLift("exponential") },
  Log: { ...unary({ value: "log" }), lift: unaryLift("logarithm") },
  Sin: { ...unary({ value: "sin" }), lift: unaryLift("sine") },
  Cos: { ...unary({ value: "cos" }), lift: unaryLift("cosine") },
  Tan: { ...unary(), lift: liftUnary },
  Asin: { ...unary(), lift: liftUnary },
  Acos: { ...unary(), lift: liftUnary },
  Atan: { ...unary(), lift: liftUnary },
  Sinh: { ...unary(), lift: liftUnary },
  Cosh: { ...unary(), lift: liftUnary },
  Asinh: { ...unary(), lift: liftUnary },
  Acosh: { ...unary(), lift: liftUnary },
  Atanh: { ...unary(), lift: liftUnary },
  BitwiseNot: unary(),
  Not: unary({ value: "not", result: "bool" }),
  IsNaN: unary({ result: "bool" }),
  IsInf: unary({ result: "bool" }),
  // Experimental operators of opset 1, which old exporters wrote.
  Affine: unary({ cost: "affine" }),
  Scale: unary({ cost: "arithmetic" }),
  ImageScaler: unary({ cost: "affine" }),
};
