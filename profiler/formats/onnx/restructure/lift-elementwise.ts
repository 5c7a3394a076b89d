import { elementsOf } from "../../../model/shape.ts";
import type { ElementFunction } from "../../../operators/operations-per-element.ts";
import type { Activation, FormOf } from "../../../neutral/forms.ts";
import { dataTypeOf } from "../data-types.ts";
import type { Lift } from "./lift-rule.ts";
import { NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";

/** Since opset 7 operands are broadcast as NumPy does. */
const FIRST_WITH_BROADCAST = 7;

function elementwise(fn: FormOf<"elementwise">["fn"]): Lift {
  return (layer) => {
    const { view } = layer;
    if (view.inputs.length !== 2) throw new NotLiftable("it has not two operands");
    if (view.version < FIRST_WITH_BROADCAST && view.flag("broadcast"))
      throw new NotLiftable("it stretches its operand as old versions do");
    const position = [0, 1].find((operand) => layer.isConstant(operand));
    const common = { kind: "elementwise", fn, activation: undefined } as const;
    if (position === undefined) return layer.lifted({ ...common, constant: undefined, isConstantFirst: false }, [0, 1]);
    const constant = layer.weights(position);
    return layer.lifted({ ...common, constant, isConstantFirst: position === 0 }, [1 - position]);
  };
}

function activation(fn: ElementFunction, parameters?: (layer: NativeLayer) => Omit<Activation, "fn">): Lift {
  return (layer) => layer.lifted({ kind: "activation", fn, ...parameters?.(layer) });
}

/** Numbers by which an attribute stands in for alpha, where it is left out. */
const alpha =
  (fallback: number) =>
  ({ view }: NativeLayer) => ({ alpha: view.int("alpha", fallback) });

const CLIP: Lift = (layer) => {
  const minimum = clipBound(layer, "min", 1) ?? -Infinity;
  const maximum = clipBound(layer, "max", 2) ?? Infinity;
  if (minimum === 0 && maximum === 6) return layer.lifted({ kind: "activation", fn: "relu6" });
  return layer.lifted({ kind: "activation", fn: "clip", minimum, maximum });
};

/** Bounds are attributes up to opset 10 and inputs since. */
function clipBound(layer: NativeLayer, attribute: string, position: number): number | undefined {
  if (!layer.view.has(position)) return layer.view.int(attribute);
  const bound = layer.view.number(position);
  if (bound === undefined) throw new NotLiftable("its bounds are computed while the model runs");
  return bound;
}

const P_RELU: Lift = (layer) => layer.lifted({ kind: "activation", fn: "pRelu", slopes: layer.weights(1) });

const UNARY: Lift = (layer) => layer.lifted({ kind: "unary" });
const IDENTITY: Lift = (layer) => layer.lifted({ kind: "identity" });

const CAST: Lift = (layer) => {
  const { view } = layer;
  return dataTypeOf(view.int("to")) === view.dataType(0) && view.dataType(0) !== undefined
    ? IDENTITY(layer)
    : UNARY(layer);
};

/** A training mode of Dropout: an input since opset 12, an attribute before opset 7. */
const DROPOUT: Lift = (layer) => {
  const { view } = layer;
  if (view.has(2) && view.number(2) !== 0) throw new NotLiftable("it is training");
  if (view.version < 7 && !view.flag("is_test")) throw new NotLiftable("it is training");
  if (layer.isOutputUsed(1)) throw new NotLiftable("its mask is used");
  return IDENTITY(layer);
};

/** Rounds each element by one scale. */
const QUANTIZE: Lift = (layer) => {
  const scales = layer.view.shape(1);
  if (scales === undefined || elementsOf(scales) !== 1) throw new NotLiftable("it has a scale for each channel");
  return UNARY(layer);
};

const UNARY_OPERATORS = [
  ...["Abs", "Ceil", "Cos", "Erf", "Exp", "Floor", "Log", "Neg", "Reciprocal", "Round", "Shrink", "Sign", "Sin"],
  ...["Softsign", "Sqrt", "ThresholdedRelu", "Celu"],
];

export const LIFT_ELEMENTWISE: Readonly<Record<string, Lift>> = {
  Add: elementwise("add"),
  Sum: elementwise("add"),
  Sub: elementwise("subtract"),
  Mul: elementwise("multiply"),
  Div: elementwise("divide"),
  Min: elementwise("minimum"),
  Max: elementwise("maximum"),
  Pow: elementwise("power"),
  Relu: activation("relu"),
  LeakyRelu: activation("leakyRelu", alpha(0.01)),
  Elu: activation("elu", alpha(1)),
  Selu: activation("selu"),
  Sigmoid: activation("sigmoid"),
  HardSigmoid: activation("hardSigmoid", ({ view }) => ({
    alpha: view.int("alpha", 0.2),
    beta: view.int("beta", 0.5),
  })),
  HardSwish: activation("hardSwish"),
  Swish: activation("silu", alpha(1)),
  Mish: activation("mish"),
  Softplus: activation("softplus"),
  Tanh: activation("tanh"),
  Gelu: (layer) =>
    layer.lifted({ kind: "activation", fn: layer.view.text("approximate", "none") === "tanh" ? "geluTanh" : "gelu" }),
  Clip: CLIP,
  PRelu: P_RELU,
  Identity: IDENTITY,
  Dropout: DROPOUT,
  Cast: CAST,
  QuantizeLinear: QUANTIZE,
  DequantizeLinear: QUANTIZE,
  ...Object.fromEntries(UNARY_OPERATORS.map((op) => [op, UNARY])),
};
