import { sizeOf } from "../onnx-graph.ts";
import type { Tape, Value } from "../tape.ts";
import { activated } from "./activation.ts";
import { onlyInput, type GradientRules } from "./rule.ts";
import { reshape } from "./layout.ts";
import { summed, transposed } from "./sums.ts";

/** x · weightᵀ + bias over the last axis; weight is outputs × inputs. */
export function linear(tape: Tape, x: Value, weight: Value, bias: Value | undefined): Value {
  const { graph } = tape;
  const [outputs = 1, inputs = 1] = weight.shape;
  const rows = sizeOf(x.shape) / inputs;
  const flat = reshape(tape, x, [rows, inputs]);
  const operands = [flat, weight, ...(bias ? [bias] : [])];
  const y = graph.node("Gemm", operands, [rows, outputs], { transB: 1 });
  const product = tape.record(y, operands, (gradient) => [
    flat.isTrained ? graph.node("Gemm", [gradient, weight], flat.shape) : undefined,
    weight.isTrained ? graph.node("Gemm", [gradient, flat], weight.shape, { transA: 1 }) : undefined,
    bias?.isTrained === true ? summed(graph, gradient, [0]) : undefined,
  ]);
  return reshape(tape, product, [...x.shape.slice(0, -1), outputs]);
}

/** a · b over the last two axes, of the same outer axes. */
export function product(tape: Tape, a: Value, b: Value): Value {
  const { graph } = tape;
  const rank = a.shape.length;
  const swap = [...a.shape.keys()].map((axis) => (axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis));
  const shape = [...a.shape.slice(0, -1), b.shape.at(-1) ?? 1];
  return tape.record(graph.node("MatMul", [a, b], shape), [a, b], (gradient) => [
    a.isTrained ? graph.node("MatMul", [gradient, transposed(graph, b, swap)], a.shape) : undefined,
    b.isTrained ? graph.node("MatMul", [transposed(graph, a, swap), gradient], b.shape) : undefined,
  ]);
}

export const DENSE_RULES: GradientRules = {
  dense: ({ weight, bias, activation }, inputs, { tape, weights }) => {
    const y = linear(tape, onlyInput(inputs), weights("weight", weight), bias && weights("bias", bias));
    return [activated(tape, y, activation)];
  },
};
