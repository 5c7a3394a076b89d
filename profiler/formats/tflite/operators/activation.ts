import { OPERATIONS_PER_ELEMENT, type ElementFunction } from "../../../operators/operations-per-element.ts";
import { inferredType } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { outputType, type Rules } from "./common.ts";

function activation(cost: ElementFunction | ((view: NodeView) => ElementFunction)): OperatorRule {
  return {
    describe: (view) => {
      const name = typeof cost === "function" ? cost(view) : cost;
      return {
        outputs: [inferredType(outputType(view), view.shape(0))],
        operation: { kind: "activation", geometry: { opsPerElement: OPERATIONS_PER_ELEMENT[name] } },
      };
    },
    inPlace: [0],
  };
}

const SOFTMAX: OperatorRule = {
  infer: (view) => [inferredType(outputType(view), view.shape(0))],
  kind: "softmax",
  inPlace: [0],
};

/** A square and a sum for each element, then its product with the reciprocal root. */
const L2_NORMALIZATION_OPS = 3;

/** Operations beside the window's squares and sums: scale, bias, power, quotient. */
const LRN_OPS = 4;

function norm(opsPerElement: (view: NodeView) => number): OperatorRule {
  return {
    describe: (view) => ({
      outputs: [inferredType(outputType(view), view.shape(0))],
      operation: { kind: "norm", geometry: { opsPerElement: opsPerElement(view) } },
    }),
    inPlace: [0],
  };
}

/** Activation functions, softmax and normalisation. */
export const ACTIVATION: Rules = {
  RELU: activation("relu"),
  RELU6: activation("relu6"),
  RELU_N1_TO_1: activation("clip"),
  RELU_0_TO_1: activation("clip"),
  LEAKY_RELU: activation("leakyRelu"),
  PRELU: activation("pRelu"),
  ELU: activation("elu"),
  LOGISTIC: activation("sigmoid"),
  TANH: activation("tanh"),
  HARD_SWISH: activation("hardSwish"),
  GELU: activation((view) => (view.flag("approximate") ? "geluTanh" : "gelu")),
  STABLEHLO_LOGISTIC: activation("sigmoid"),
  STABLEHLO_TANH: activation("tanh"),

  SOFTMAX,
  LOG_SOFTMAX: SOFTMAX,
  L2_NORMALIZATION: norm(() => L2_NORMALIZATION_OPS),
  // Each element takes the squares of its neighbours in the window of 2 · radius + 1 channels.
  LOCAL_RESPONSE_NORMALIZATION: {
    ...norm((view) => 2 * (2 * view.int("radius", 0) + 1) + LRN_OPS),
    lift: (layer) => layer.lifted({ kind: "local-response-norm" }),
  },
};
