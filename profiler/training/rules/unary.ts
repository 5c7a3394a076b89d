import type { UnaryFunction } from "../../neutral/forms.ts";
import type { GraphTensor } from "../onnx-graph.ts";
import type { Tape, Value } from "../tape.ts";
import { NoGradient, onlyInput, type GradientRules } from "./rule.ts";

/** An operator on tensors of the input's shape, and numbers beside them. */
type Write = (op: string, ...operands: readonly (GraphTensor | number)[]) => GraphTensor;

interface UnaryRule {
  value(write: Write, x: GraphTensor): GraphTensor;
  /** f'(x). @param y what `value` gave */
  slope(write: Write, x: GraphTensor, y: GraphTensor): GraphTensor;
}

const UNARY_RULES: Readonly<Record<UnaryFunction, UnaryRule>> = {
  absolute: { value: (write, x) => write("Abs", x), slope: (write, x) => write("Sign", x) },
  cosine: { value: (write, x) => write("Cos", x), slope: (write, x) => write("Neg", write("Sin", x)) },
  error: {
    value: (write, x) => write("Erf", x),
    slope: (write, x) => write("Mul", write("Exp", write("Neg", write("Mul", x, x))), 2 / Math.sqrt(Math.PI)),
  },
  exponential: { value: (write, x) => write("Exp", x), slope: (_, __, y) => y },
  logarithm: { value: (write, x) => write("Log", x), slope: (write, x) => write("Reciprocal", x) },
  negative: { value: (write, x) => write("Neg", x), slope: (write) => write("Identity", -1) },
  reciprocal: { value: (write, x) => write("Reciprocal", x), slope: (write, _, y) => write("Neg", write("Mul", y, y)) },
  root: { value: (write, x) => write("Sqrt", x), slope: (write, _, y) => write("Div", 0.5, y) },
  // x^(-1/2): its slope is -½ of its cube.
  "root-reciprocal": {
    value: (write, x) => write("Reciprocal", write("Sqrt", x)),
    slope: (write, _, y) => write("Mul", write("Mul", y, write("Mul", y, y)), -0.5),
  },
  sine: { value: (write, x) => write("Sin", x), slope: (write, x) => write("Cos", x) },
  square: { value: (write, x) => write("Mul", x, x), slope: (write, x) => write("Mul", x, 2) },
};

export function unary(tape: Tape, x: Value, fn: UnaryFunction): Value {
  const { graph } = tape;
  const write: Write = (op, ...operands) =>
    graph.node(
      op,
      operands.map((each) => (typeof each === "number" ? graph.scalar(each) : each)),
      x.shape,
    );
  const rule = UNARY_RULES[fn];
  const y = rule.value(write, x);
  return tape.record(y, [x], (gradient) => [write("Mul", gradient, rule.slope(write, x, y))]);
}

export const UNARY_FUNCTION_RULES: GradientRules = {
  unary: ({ fn }, inputs, { tape }) => {
    if (fn === undefined || fn === "recoded") throw new NoGradient("it is not a function whose slope is known");
    return [unary(tape, onlyInput(inputs), fn)];
  },
};
