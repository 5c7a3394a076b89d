import { OPERATIONS_PER_ELEMENT, type ElementFunction } from "../../../operators/operations-per-element.ts";
import { isStatic } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import type { InferredType } from "../../../operators/inferred-type.ts";
import { knownTensor, type KnownTensor } from "../../../shapes/known-tensor.ts";
import { elementwiseValue, type UnaryOp } from "../../../shapes/values.ts";
import { inferredType, sameAs } from "./inferred-types.ts";

/** @param value what becomes of small known tensors */
function activation(
  cost: ElementFunction | ((view: NodeView) => ElementFunction),
  value?: UnaryOp | ((view: NodeView) => InferredType["value"]),
): OperatorRule {
  return {
    describe: (view) => {
      const { dataType, shape } = view.input(0);
      const elements = typeof value === "function" ? value(view) : value && applied(value, view);
      const name = typeof cost === "function" ? cost(view) : cost;
      return {
        outputs: [inferredType(dataType, shape, elements)],
        operation: { kind: "activation", geometry: { opsPerElement: OPERATIONS_PER_ELEMENT[name] } },
      };
    },
    inPlace: [0],
  };
}

function applied(op: UnaryOp, view: NodeView): InferredType["value"] {
  const known = knownTensor(view.input(0));
  const dataType = view.dataType(0);
  return known && dataType && elementwiseValue(op, [known], known.shape, dataType);
}

/** Bounds are attributes up to opset 10 and inputs since. */
const CLIP: OperatorRule = { ...activation("clip", clippedValue), configuration: [1, 2] };

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
const PRELU: OperatorRule = activation("pRelu");

/** In a network that is run rather than trained the data passes; the mask says that nothing was dropped. */
const DROPOUT: OperatorRule = {
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
  inPlace: [0],
  carries: 0,
};
const DROPPING = { kind: "random" } as const;

function isTraining(view: NodeView): boolean {
  return view.has(2) && view.number(2) !== 0;
}

const SOFTMAX: OperatorRule = { infer: (view) => [sameAs(view)], kind: "softmax", inPlace: [0] };

/** Activation functions and what belongs with them. */
export const ACTIVATION: Readonly<Record<string, OperatorRule>> = {
  Relu: activation("relu", "relu"),
  LeakyRelu: activation("leakyRelu"),
  PRelu: PRELU,
  ThresholdedRelu: activation("thresholdedRelu"),
  Elu: activation("elu"),
  Selu: activation("selu"),
  Celu: activation("celu"),
  Sigmoid: activation("sigmoid", "sigmoid"),
  HardSigmoid: activation("hardSigmoid"),
  HardSwish: activation("hardSwish"),
  Swish: activation("silu"),
  Mish: activation("mish"),
  Gelu: activation((view) => (view.text("approximate", "none") === "tanh" ? "geluTanh" : "gelu")),
  Tanh: activation("tanh", "tanh"),
  Erf: activation("function"),
  Softplus: activation("softplus"),
  Softsign: activation("softsign"),
  Shrink: activation("shrink"),
  Clip: CLIP,
  // Experimental operators of opset 1, which old exporters wrote.
  ScaledTanh: activation("scaledTanh"),
  ParametricSoftplus: activation("parametricSoftplus"),

  Softmax: SOFTMAX,
  LogSoftmax: SOFTMAX,
  Hardmax: SOFTMAX,
  Dropout: DROPOUT,
};
