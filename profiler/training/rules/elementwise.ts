import { ownEntry } from "../../own-entry.ts";
import type { ElementwiseForm } from "../../neutral/forms.ts";
import type { GraphTensor } from "../onnx-graph.ts";
import type { Tape, Value } from "../tape.ts";
import { activated } from "./activation.ts";
import { NoGradient, onlyInput, type GradientRules } from "./rule.ts";
import { unstretched } from "./sums.ts";

type Arithmetic = ElementwiseForm["fn"];

/** Operators, and the gradients of both operands before they are summed to the operands' shapes. */
interface BinaryRule {
  readonly op: string;
  left(write: Write, gradient: GraphTensor, a: Value, b: Value, y: GraphTensor): GraphTensor;
  right(write: Write, gradient: GraphTensor, a: Value, b: Value, y: GraphTensor): GraphTensor;
}

/** An operator on tensors of the output's shape. */
type Write = (op: string, ...operands: readonly GraphTensor[]) => GraphTensor;

/** The gradient goes to the operand that was taken; on ties half to each, as in PyTorch. */
function chosen(op: "Less" | "Greater"): Pick<BinaryRule, "left" | "right"> {
  const share = (write: Write, gradient: GraphTensor, a: Value, b: Value): GraphTensor => {
    const half = write("Mul", gradient, write("half"));
    return write("Where", write("Equal", a, b), half, write("Where", write(op, a, b), gradient, write("none")));
  };
  return {
    left: (write, gradient, a, b) => share(write, gradient, a, b),
    right: (write, gradient, a, b) => share(write, gradient, b, a),
  };
}

const BINARY_RULES: Readonly<Record<Arithmetic, BinaryRule>> = {
  add: { op: "Add", left: (_, gradient) => gradient, right: (_, gradient) => gradient },
  subtract: { op: "Sub", left: (_, gradient) => gradient, right: (write, gradient) => write("Neg", gradient) },
  multiply: {
    op: "Mul",
    left: (write, gradient, _, b) => write("Mul", gradient, b),
    right: (write, gradient, a) => write("Mul", gradient, a),
  },
  divide: {
    op: "Div",
    left: (write, gradient, _, b) => write("Div", gradient, b),
    right: (write, gradient, _, b, y) => write("Neg", write("Div", write("Mul", gradient, y), b)),
  },
  minimum: { op: "Min", ...chosen("Less") },
  maximum: { op: "Max", ...chosen("Greater") },
  // aᵇ: b·aᵇ/a by the base, aᵇ·ln a by the exponent.
  power: {
    op: "Pow",
    left: (write, gradient, a, b) =>
      write("Mul", gradient, write("Mul", b, write("Pow", a, write("Sub", b, write("one"))))),
    right: (write, gradient, a, _, y) => write("Mul", gradient, write("Mul", y, write("Log", a))),
  },
};

/** Numbers that rules name. */
const NUMBERS: Readonly<Record<string, number>> = { half: 0.5, none: 0, one: 1 };

export function arithmetic(tape: Tape, fn: Arithmetic, a: Value, b: Value): Value {
  const { graph } = tape;
  const shape = stretchedShape(a.shape, b.shape);
  const write: Write = (op, ...operands) => {
    const number = ownEntry(NUMBERS, op);
    return number === undefined ? graph.node(op, operands, shape) : graph.scalar(number);
  };
  const rule = BINARY_RULES[fn];
  const y = graph.node(rule.op, [a, b], shape);
  const reduced = (gradient: GraphTensor, operand: Value): GraphTensor =>
    unstretched(graph, { ...gradient, shape }, operand.shape);
  return tape.record(y, [a, b], (gradient) => [
    a.isTrained ? reduced(rule.left(write, gradient, a, b, y), a) : undefined,
    b.isTrained ? reduced(rule.right(write, gradient, a, b, y), b) : undefined,
  ]);
}

/** Shape of two operands together. @throws {NoGradient} when they do not fit */
export function stretchedShape(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - (rank - a.length)] ?? 1;
    const right = b[axis - (rank - b.length)] ?? 1;
    if (left !== right && left !== 1 && right !== 1)
      throw new NoGradient(`its operands of ${a.join("×")} and ${b.join("×")} do not fit together`);
    return left === 1 ? right : left;
  });
}

export const ELEMENTWISE_RULES: GradientRules = {
  elementwise: (form: ElementwiseForm, inputs, { tape, weights }) => {
    const { fn, constant, isConstantFirst, activation } = form;
    const input = onlyInput(inputs);
    const other = constant ? weights("constant", constant) : inputs[1];
    if (other === undefined) throw new NoGradient("it does not have two operands");
    const y = isConstantFirst ? arithmetic(tape, fn, other, input) : arithmetic(tape, fn, input, other);
    return [activated(tape, y, activation)];
  },
  identity: (_, inputs) => [onlyInput(inputs)],
};
