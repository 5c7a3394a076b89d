import type { ElementFunction } from "../../../operators/operations-per-element.ts";
import { elementsOf } from "../../../model/shape.ts";
import type { Activation, FormOf } from "../../../neutral/forms.ts";
import { NotLiftable } from "../../../neutral/native-layer.ts";
import type { Lift } from "./lift-rule.ts";
import type { TfliteLayer } from "./tflite-layer.ts";

function elementwise(fn: FormOf<"elementwise">["fn"]): Lift {
  return (layer) => {
    const position = [0, 1].find((operand) => layer.isConstant(operand));
    const common = { kind: "elementwise", fn, activation: layer.fused() } as const;
    if (position === undefined) return layer.lifted({ ...common, constant: undefined, isConstantFirst: false }, [0, 1]);
    const constant = layer.weights(position);
    const input = layer.shape(1 - position);
    if (constant.shape.length > input.length && (elementsOf(constant.shape) ?? 0) > 1)
      throw new NotLiftable("its constant has more axes than its input");
    return layer.lifted({ ...common, constant, isConstantFirst: position === 0 }, [1 - position]);
  };
}

function activation(fn: ElementFunction, parameters?: (layer: TfliteLayer) => Omit<Activation, "fn">): Lift {
  return (layer) => layer.lifted({ kind: "activation", fn, ...parameters?.(layer) });
}

const clip = (minimum: number, maximum: number): Lift => activation("clip", () => ({ minimum, maximum }));

const UNARY: Lift = (layer) => layer.lifted({ kind: "unary" });

const CAST: Lift = (layer) =>
  layer.output().dataType === layer.view.dataType(0) ? layer.lifted({ kind: "identity" }) : UNARY(layer);

const UNARY_OPERATORS = [
  ...["ABS", "CEIL", "COS", "EXP", "FLOOR", "LOG", "NEG", "ROUND", "RSQRT", "SIGN", "SIN", "SQRT", "SQUARE"],
  ...["QUANTIZE", "DEQUANTIZE"],
];

export const LIFT_ELEMENTWISE: Readonly<Record<string, Lift>> = {
  ADD: elementwise("add"),
  SUB: elementwise("subtract"),
  MUL: elementwise("multiply"),
  DIV: elementwise("divide"),
  MINIMUM: elementwise("minimum"),
  MAXIMUM: elementwise("maximum"),
  POW: elementwise("power"),
  RELU: activation("relu"),
  RELU6: activation("relu6"),
  RELU_N1_TO_1: clip(-1, 1),
  RELU_0_TO_1: clip(0, 1),
  LEAKY_RELU: activation("leakyRelu", ({ view }) => ({ alpha: view.int("alpha", 0) })),
  PRELU: (layer) => layer.lifted({ kind: "activation", fn: "pRelu", slopes: layer.weights(1) }),
  ELU: activation("elu", () => ({ alpha: 1 })),
  LOGISTIC: activation("sigmoid"),
  TANH: activation("tanh"),
  HARD_SWISH: activation("hardSwish"),
  GELU: (layer) => layer.lifted({ kind: "activation", fn: layer.view.flag("approximate") ? "geluTanh" : "gelu" }),
  CAST,
  ...Object.fromEntries(UNARY_OPERATORS.map((op) => [op, UNARY])),
};
