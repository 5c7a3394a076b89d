import { OPERATIONS_PER_ELEMENT, type ElementFunction } from "../../../operators/operations-per-element.ts";
import { isStatic } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { knownTensor, type KnownTensor } from "../../../shapes/known-tensor.ts";
import { elementwiseValue, type UnaryOp } from "../../../shapes/values.ts";
import type { Activation } from "../../../operators/operation.ts";
import type { Attribute } from "../../../model/model.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import {
  liftActivation,
  liftIdentity,
  liftPRelu,
  liftSoftmax,
  liftUnary,
  unaryLift,
} from "../../../neutral/element-forms.ts";
import type { ActivationForm, SoftmaxForm } from "../../../neutral/forms.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import { NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";
import type { Lowering, Operator, Operators } from "../../../neutral/operator.ts";
import type { NodeWriter } from "../restructure/node-writer.ts";
import { inferredType, sameAs } from "./inferred-types.ts";

interface ActivationOptions {
  /** What becomes of small known tensors. */
  readonly value?: UnaryOp | ((view: NodeView) => InferredType["value"]);
  /** The activation with its parameters; default: the function that is costed. undefined where only the run can tell. */
  readonly activation?: (view: NodeView) => Activation | undefined;
}

function activation(
  cost: ElementFunction | ((view: NodeView) => ElementFunction),
  { value, activation: told }: ActivationOptions = {},
): Operator {
  return {
    describe: (view) => {
      const { dataType, shape } = view.input(0);
      const elements = typeof value === "function" ? value(view) : value && applied(value, view);
      const fn = typeof cost === "function" ? cost(view) : cost;
      const computed = told ? told(view) : { fn };
      return {
        outputs: [inferredType(dataType, shape, elements)],
        operation: {
          kind: "activation",
          geometry: { opsPerElement: OPERATIONS_PER_ELEMENT[fn], ...(computed && { activation: computed }) },
        },
      };
    },
    lift: liftActivation,
    inPlace: [0],
  };
}

/** @param fallback stands in for alpha, where it is left out */
function withAlpha(fn: ElementFunction, fallback: number): Operator {
  return activation(fn, { activation: (view) => ({ fn, alpha: view.int("alpha", fallback) }) });
}

function applied(op: UnaryOp, view: NodeView): InferredType["value"] {
  const known = knownTensor(view.input(0));
  const dataType = view.dataType(0);
  return known && dataType && elementwiseValue(op, [known], known.shape, dataType);
}

function withoutEditing(fn: ElementFunction): OperatorRule {
  const { lift, ...rule } = activation(fn);
  return rule;
}

/** Bounds are attributes up to opset 10 and inputs since. */
const CLIP: Operator = { ...activation("clip", { value: clippedValue, activation: clipOf }), configuration: [1, 2] };

function clipOf(view: NodeView): Activation | undefined {
  const minimum = clipBound(view, "min", 1);
  const maximum = clipBound(view, "max", 2);
  if (minimum === "computed" || maximum === "computed") return undefined;
  if (minimum === 0 && maximum === 6) return { fn: "relu6" };
  return { fn: "clip", minimum: minimum ?? -Infinity, maximum: maximum ?? Infinity };
}

function clipBound(view: NodeView, attribute: string, position: number): number | "computed" | undefined {
  return view.has(position) ? (view.number(position) ?? "computed") : view.int(attribute);
}

function clippedValue(view: NodeView): InferredType["value"] {
  const data = knownTensor(view.input(0));
  const dataType = view.dataType(0);
  if (data === undefined || dataType === undefined || !isStatic(data.shape)) return undefined;
  const bounded = bound(view, data, "max", 1, "min");
  return bounded && bound(view, bounded, "min", 2, "max")?.value;
}

/** `data` held above (op max) or below (op min) a bound, which an input or an attribute gives; unchanged where neither does. */
function bound(
  view: NodeView,
  data: KnownTensor,
  op: "max" | "min",
  input: number,
  attribute: string,
): KnownTensor | undefined {
  const dataType = view.dataType(0);
  const limit = view.has(input) ? view.value(input) : numberList(view.int(attribute));
  if (limit === undefined) return view.has(input) ? undefined : data;
  const operand = { value: limit, shape: [] };
  const value = dataType && elementwiseValue(op, [data, operand], data.shape, dataType);
  return value && { ...data, value };
}

function numberList(number: number | undefined): readonly number[] | undefined {
  return number === undefined ? undefined : [number];
}

/** Slopes are weights, stretched to the shape of the data. */
const PRELU: Operator = { ...activation("pRelu"), lift: liftPRelu };

/** In a network that is run rather than trained the data passes; the mask says that nothing was dropped. */
const DROPOUT: Operator = {
  lift: liftDropout,
  describe: (view) => {
    const data = view.input(0);
    // The mask had the type of the data before opset 10.
    const maskType = view.version < 10 ? data.dataType : "bool";
    return {
      outputs: [
        inferredType(data.dataType, data.shape, isTraining(view) ? undefined : data.value),
        inferredType(maskType, data.shape),
      ],
      operation: isTraining(view) ? DROPPING : { kind: "free" },
    };
  },
  configuration: [1, 2],
  drawsWhen: 2,
  inPlace: [0],
  carries: 0,
};
const DROPPING = { kind: "random" } as const;

function isTraining(view: NodeView): boolean {
  return view.has(2) && view.number(2) !== 0;
}

/** Before opset 13 all axes from the given one on were one. */
const FIRST_WITH_ONE_AXIS = 13;

function softmax(isLog: boolean): Operator {
  return {
    describe: (view) => {
      const rank = view.shape(0)?.length;
      const settings = rank === undefined ? undefined : { isLog, axes: softmaxAxes(view, rank) };
      return { outputs: [sameAs(view)], operation: { kind: "softmax", ...(settings && { settings }) } };
    },
    lift: liftSoftmax,
    inPlace: [0],
    mixesAlong: (view) => softmaxAxes(view, view.shape(0)?.length ?? 0),
  };
}

function softmaxAxes(view: NodeView, rank: number): readonly number[] {
  const isOne = view.version >= FIRST_WITH_ONE_AXIS;
  const given = view.int("axis", isOne ? -1 : 1);
  const axis = given < 0 ? given + rank : given;
  return isOne ? [axis] : Array.from({ length: Math.max(0, rank - axis) }, (_, index) => axis + index);
}

/** A training mode of Dropout: an input since opset 12, an attribute before opset 7. */
function liftDropout(layer: NativeLayer): Lifted {
  const { view } = layer;
  if (view.has(2) && view.number(2) !== 0) throw new NotLiftable("it is training");
  if (view.version < 7 && !view.flag("is_test")) throw new NotLiftable("it is training");
  if (layer.isOutputUsed(1)) throw new NotLiftable("its mask is used");
  return liftIdentity(layer);
}

const FIRST_WITH_CLIP_INPUTS = 11;

/** Functions that one operator computes: its name, the operator set that brought it, and its attributes. */
interface Function {
  readonly op: string;
  readonly since: number;
  readonly attributes?: (activation: Activation) => Readonly<Record<string, Attribute>>;
}

const FUNCTIONS: Partial<Record<ElementFunction, Function>> = {
  relu: { op: "Relu", since: 1 },
  leakyRelu: { op: "LeakyRelu", since: 1, attributes: ({ alpha = 0.01 }) => ({ alpha }) },
  elu: { op: "Elu", since: 1, attributes: ({ alpha = 1 }) => ({ alpha }) },
  selu: { op: "Selu", since: 1 },
  sigmoid: { op: "Sigmoid", since: 1 },
  hardSigmoid: { op: "HardSigmoid", since: 1, attributes: ({ alpha = 0.2, beta = 0.5 }) => ({ alpha, beta }) },
  hardSwish: { op: "HardSwish", since: 14 },
  mish: { op: "Mish", since: 18 },
  softplus: { op: "Softplus", since: 1 },
  tanh: { op: "Tanh", since: 1 },
  gelu: { op: "Gelu", since: 20 },
  geluTanh: { op: "Gelu", since: 20, attributes: () => ({ approximate: "tanh" }) },
};

async function writeActivation(form: ActivationForm, writer: NodeWriter): Promise<void> {
  const { fn, slopes } = form;
  const known = FUNCTIONS[fn];
  if (fn === "relu6") writeClip(0, 6, writer);
  else if (fn === "clip") writeClip(form.minimum ?? -Infinity, form.maximum ?? Infinity, writer);
  else if (fn === "silu") writeSilu(writer);
  else if (fn === "pRelu" && slopes) writer.node("PRelu", [writer.input, await writer.weights("slopes", slopes)]);
  else if (known === undefined) throw new LoweringError(`${writer.layer.name}: ONNX has no operator for ${fn}`);
  else {
    writer.needsOpset(known.since, known.op);
    writer.node(known.op, [writer.input], known.attributes?.(form));
  }
}

/** Bounds are attributes up to opset 10 and inputs since. */
function writeClip(minimum: number, maximum: number, writer: NodeWriter): void {
  if (writer.opset >= FIRST_WITH_CLIP_INPUTS) {
    writer.node("Clip", [writer.input, writer.scalar("minimum", minimum), writer.scalar("maximum", maximum)]);
    return;
  }
  const bounds = { ...(minimum > -Infinity && { min: minimum }), ...(maximum < Infinity && { max: maximum }) };
  writer.node("Clip", [writer.input], bounds);
}

function writeSilu(writer: NodeWriter): void {
  const gate = writer.tensor("gate");
  writer.helper("sigmoid", "Sigmoid", [writer.input], {}, gate);
  writer.node("Mul", [writer.input, gate]);
}

function writeSoftmax({ axes, isLog }: SoftmaxForm, writer: NodeWriter): void {
  const [axis = 1] = axes;
  const lastOnly = axis === (writer.rank(writer.input) ?? 0) - 1;
  if (axes.length > 1 === writer.opset >= FIRST_WITH_ONE_AXIS && !lastOnly)
    throw new LoweringError(`${writer.layer.name}: this operator set has no softmax over axes ${axes.join(", ")}`);
  writer.node(isLog ? "LogSoftmax" : "Softmax", [writer.input], { axis });
}

export const WRITE_ACTIVATION: Lowering<NodeWriter> = { activation: writeActivation, softmax: writeSoftmax };

/** Activation functions and what belongs with them. */
export const ACTIVATION: Operators = {
  Relu: activation("relu", { value: "relu" }),
  LeakyRelu: withAlpha("leakyRelu", 0.01),
  PRelu: PRELU,
  ThresholdedRelu: { ...activation("thresholdedRelu"), lift: liftUnary },
  Elu: withAlpha("elu", 1),
  Selu: activation("selu"),
  Celu: { ...activation("celu"), lift: liftUnary },
  Sigmoid: activation("sigmoid", { value: "sigmoid" }),
  HardSigmoid: activation("hardSigmoid", {
    activation: (view) => ({ fn: "hardSigmoid", alpha: view.int("alpha", 0.2), beta: view.int("beta", 0.5) }),
  }),
  HardSwish: activation("hardSwish"),
  Swish: withAlpha("silu", 1),
  Mish: activation("mish"),
  Gelu: activation((view) => (view.text("approximate", "none") === "tanh" ? "geluTanh" : "gelu")),
  Tanh: activation("tanh", { value: "tanh" }),
  Erf: { ...activation("function"), lift: unaryLift("error") },
  Softplus: activation("softplus"),
  Softsign: { ...activation("softsign"), lift: liftUnary },
  Shrink: { ...activation("shrink"), lift: liftUnary },
  Clip: CLIP,
  // Experimental operators of opset 1, which old exporters wrote.
  ScaledTanh: withoutEditing("scaledTanh"),
  ParametricSoftplus: withoutEditing("parametricSoftplus"),

  Softmax: softmax(false),
  LogSoftmax: softmax(true),
  Hardmax: {
    infer: (view) => [sameAs(view)],
    kind: "softmax",
    inPlace: [0],
    mixesAlong: (view) => softmaxAxes(view, view.shape(0)?.length ?? 0),
  },
  Dropout: DROPOUT,
};
