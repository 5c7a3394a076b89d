import type { ElementFunction } from "../../operators/operations-per-element.ts";
import type { Activation } from "../../operators/operation.ts";
import type { ActivationForm } from "../../neutral/forms.ts";
import type { GraphTensor, OnnxGraph } from "../onnx-graph.ts";
import type { Tape, Value } from "../tape.ts";
import { NoGradient, onlyInput, type GradientRules } from "./rule.ts";
import { perChannel, unstretched } from "./sums.ts";

/** Writes f(x), and its slope f'(x) when the gradient comes back. */
interface ElementRule {
  value(write: Write, x: GraphTensor, activation: Activation): GraphTensor;
  /** @param y what `value` gave */
  slope(write: Write, x: GraphTensor, y: GraphTensor, activation: Activation): GraphTensor;
}

/** Operators on tensors of one shape, and numbers beside them. */
class Write {
  constructor(
    readonly graph: OnnxGraph,
    private readonly shape: readonly number[],
  ) {}

  op(
    name: string,
    operands: readonly (GraphTensor | number)[],
    attributes: Readonly<Record<string, number | string>> = {},
  ): GraphTensor {
    const inputs = operands.map((each) => (typeof each === "number" ? this.graph.scalar(each) : each));
    return this.graph.node(name, inputs, this.shape, attributes);
  }

  /** Where `low` < x < `high`: 1, else 0. */
  inside(x: GraphTensor, low: number, high: number): GraphTensor {
    const above = low === -Infinity ? undefined : this.op("Greater", [x, low]);
    const below = high === Infinity ? undefined : this.op("Less", [x, high]);
    if (above && below) return this.cast(this.op("And", [above, below]));
    const only = above ?? below;
    return only ? this.cast(only) : this.graph.scalar(1);
  }

  /** a where x > 0, else b. */
  positive(x: GraphTensor, a: GraphTensor | number, b: GraphTensor | number): GraphTensor {
    return this.op("Where", [this.op("Greater", [x, 0]), a, b]);
  }

  private cast(truth: GraphTensor): GraphTensor {
    return this.graph.node("Cast", [truth], this.shape, { to: FLOAT });
  }
}

const FLOAT = 1;

/** One ONNX operator for the value. */
function operator(
  name: string,
  slope: ElementRule["slope"],
  attributes: (activation: Activation) => Readonly<Record<string, number | string>> = () => ({}),
): ElementRule {
  return { value: (write, x, activation) => write.op(name, [x], attributes(activation)), slope };
}

/** A function that is a clip of its argument between two bounds. */
function clip(boundsOf: (activation: Activation) => readonly [number, number]): ElementRule {
  return {
    value: (write, x, activation) => {
      const [low, high] = boundsOf(activation);
      if (low === -Infinity && high === Infinity) return write.op("Identity", [x]);
      const bound = (value: number): GraphTensor | string => (Number.isFinite(value) ? write.graph.scalar(value) : "");
      return write.graph.node("Clip", [x, bound(low), bound(high)], x.shape);
    },
    slope: (write, x, _, activation) => write.inside(x, ...boundsOf(activation)),
  };
}

/** The logistic function as a gate: x·σ(αx), whose slope is σ + αxσ(1-σ). */
const SILU: ElementRule = {
  value: (write, x, { alpha = 1 }) => write.op("Mul", [x, write.op("Sigmoid", [scaled(write, x, alpha)])]),
  slope: (write, x, y, { alpha = 1 }) => {
    const gate = write.op("Sigmoid", [scaled(write, x, alpha)]);
    return write.op("Add", [gate, scaled(write, write.op("Mul", [y, write.op("Sub", [1, gate])]), alpha)]);
  },
};

function scaled(write: Write, x: GraphTensor, factor: number): GraphTensor {
  return factor === 1 ? x : write.op("Mul", [x, factor]);
}

/** λ and α of Klambauer et al., 2017. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;
const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const GELU_CUBE = 0.044715;

/** α(eˣ-1) below zero: its slope there is y + α. */
function exponential(alpha: number, scale: number): ElementRule["slope"] {
  return (write, x, y) => write.positive(x, scale, write.op("Add", [y, alpha * scale]));
}

/** Subgradients at kinks are those of PyTorch: 0 for the functions that clip. */
const ELEMENT_RULES: Readonly<Partial<Record<ElementFunction, ElementRule>>> = {
  relu: operator("Relu", (write, _, y) => write.inside(y, 0, Infinity)),
  relu6: clip(() => [0, 6]),
  clip: clip(({ minimum = -Infinity, maximum = Infinity }) => [minimum, maximum]),
  leakyRelu: operator(
    "LeakyRelu",
    (write, x, _, { alpha = 0.01 }) => write.positive(x, 1, alpha),
    ({ alpha = 0.01 }) => ({ alpha }),
  ),
  thresholdedRelu: operator(
    "ThresholdedRelu",
    (write, _, y) => write.op("Abs", [write.op("Sign", [y])]),
    ({ alpha = 1 }) => ({ alpha }),
  ),
  elu: operator(
    "Elu",
    (write, x, y, { alpha = 1 }) => exponential(alpha, 1)(write, x, y, { fn: "elu" }),
    ({ alpha = 1 }) => ({ alpha }),
  ),
  celu: operator(
    "Celu",
    (write, x, y, { alpha = 1 }) => write.positive(x, 1, write.op("Add", [write.op("Mul", [y, 1 / alpha]), 1])),
    ({ alpha = 1 }) => ({ alpha }),
  ),
  selu: operator("Selu", exponential(SELU_ALPHA, SELU_SCALE)),
  sigmoid: operator("Sigmoid", (write, _, y) => write.op("Mul", [y, write.op("Sub", [1, y])])),
  tanh: operator("Tanh", (write, _, y) => write.op("Sub", [1, write.op("Mul", [y, y])])),
  softplus: operator("Softplus", (write, x) => write.op("Sigmoid", [x])),
  softsign: operator("Softsign", (write, _, y) => {
    const rest = write.op("Sub", [1, write.op("Abs", [y])]);
    return write.op("Mul", [rest, rest]);
  }),
  abs: operator("Abs", (write, x) => write.op("Sign", [x])),
  hardSigmoid: operator(
    "HardSigmoid",
    (write, _, y, { alpha = 0.2 }) => scaled(write, write.inside(y, 0, 1), alpha),
    ({ alpha = 0.2, beta = 0.5 }) => ({ alpha, beta }),
  ),
  // x·clip(x/6 + 1/2, 0, 1): gate, and x/6 where the gate is open in part.
  hardSwish: operator("HardSwish", (write, x) => {
    const gate = write.op("HardSigmoid", [x], { alpha: 1 / 6, beta: 0.5 });
    return write.op("Add", [gate, write.op("Mul", [write.op("Mul", [x, 1 / 6]), write.inside(gate, 0, 1)])]);
  }),
  silu: SILU,
  // x·tanh(softplus(x)): t + x(1-t²)σ(x).
  mish: operator("Mish", (write, x) => {
    const gate = write.op("Tanh", [write.op("Softplus", [x])]);
    const slope = write.op("Mul", [write.op("Sub", [1, write.op("Mul", [gate, gate])]), write.op("Sigmoid", [x])]);
    return write.op("Add", [gate, write.op("Mul", [x, slope])]);
  }),
  // x·Φ(x): Φ + x·φ(x).
  gelu: operator("Gelu", (write, x) => {
    const error = write.op("Erf", [write.op("Mul", [x, Math.SQRT1_2])]);
    const share = write.op("Add", [write.op("Mul", [error, 0.5]), 0.5]);
    const bell = write.op("Exp", [write.op("Mul", [write.op("Mul", [x, x]), -0.5])]);
    return write.op("Add", [share, write.op("Mul", [write.op("Mul", [x, bell]), 1 / Math.sqrt(2 * Math.PI)])]);
  }),
  // x/2·(1 + tanh u), u = √(2/π)(x + 0.044715x³): half of (1 + t + x(1-t²)u').
  geluTanh: operator(
    "Gelu",
    (write, x) => {
      const square = write.op("Mul", [x, x]);
      const cubic = write.op("Mul", [x, write.op("Add", [write.op("Mul", [square, GELU_CUBE]), 1])]);
      const t = write.op("Tanh", [write.op("Mul", [cubic, SQRT_2_OVER_PI])]);
      const inner = write.op("Add", [write.op("Mul", [square, 3 * GELU_CUBE * SQRT_2_OVER_PI]), SQRT_2_OVER_PI]);
      const bend = write.op("Mul", [write.op("Sub", [1, write.op("Mul", [t, t])]), write.op("Mul", [x, inner])]);
      return write.op("Mul", [write.op("Add", [write.op("Add", [t, bend]), 1]), 0.5]);
    },
    () => ({ approximate: "tanh" }),
  ),
};

/** An activation behind a tensor; the tensor itself where there is none. @throws {NoGradient} */
export function activated(tape: Tape, x: Value, activation: Activation | undefined): Value {
  if (activation === undefined) return x;
  const rule = ELEMENT_RULES[activation.fn];
  if (rule === undefined) throw new NoGradient(`the gradient of ${activation.fn} is not known`);
  const { graph } = tape;
  const write = new Write(graph, x.shape);
  const y = rule.value(write, x, activation);
  return tape.record(y, [x], (dy) => [graph.node("Mul", [dy, rule.slope(write, x, y, activation)], x.shape)]);
}

/** max(x, 0) + slope·min(x, 0), a slope a channel or one for all. */
function parametricRelu(tape: Tape, x: Value, slopes: Value): Value {
  const { graph } = tape;
  const isOne = slopes.shape.every((size) => size === 1);
  const slope = isOne ? slopes : perChannel(graph, slopes, x.shape.length);
  const y = graph.node("PRelu", [x, slope], x.shape);
  return tape.record(y, [x, slopes], (dy) => {
    const isPositive = graph.node("Greater", [x, graph.scalar(0)], x.shape);
    const dx = graph.node("Mul", [dy, graph.node("Where", [isPositive, graph.scalar(1), slope], x.shape)], x.shape);
    if (!slopes.isTrained) return [dx];
    const negative = graph.node("Min", [x, graph.scalar(0)], x.shape);
    return [dx, unstretched(graph, graph.node("Mul", [dy, negative], x.shape), slope.shape)];
  });
}

export const ACTIVATION_RULES: GradientRules = {
  activation: (form: ActivationForm, inputs, { tape, weights }) => {
    const x = onlyInput(inputs);
    if (form.fn !== "pRelu") return [activated(tape, x, form)];
    if (form.slopes === undefined) throw new NoGradient("its slopes are not known");
    return [parametricRelu(tape, x, weights("slopes", form.slopes))];
  },
};
