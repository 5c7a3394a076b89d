import { sizeOf, type GraphTensor } from "../onnx-graph.ts";
import type { Tape, Value } from "../tape.ts";
import { activated } from "./activation.ts";
import { stretchedShape } from "./elementwise.ts";
import { NoGradient, onlyInput, type GradientRules } from "./rule.ts";
import { reshape } from "./layout.ts";
import { summed, unstretched } from "./sums.ts";

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

/** A factor of a product over the last two axes. */
interface Factor {
  readonly tensor: GraphTensor;
  readonly isTransposed: boolean;
}

/** a · b over the last two axes, the outer ones stretched as NumPy does: attention's products of two activations. */
function product(tape: Tape, a: Factor & { readonly tensor: Value }, b: Factor & { readonly tensor: Value }): Value {
  const { graph } = tape;
  if (a.tensor.shape.length < 2 || b.tensor.shape.length < 2)
    throw new NoGradient("one of its factors is not a matrix");
  const turned = ({ tensor, isTransposed }: Factor): Factor => ({ tensor, isTransposed: !isTransposed });
  const times = (left: Factor, right: Factor): GraphTensor => {
    const [outer, rows] = [left.tensor.shape.slice(0, -2), left.tensor.shape.at(left.isTransposed ? -1 : -2) ?? 1];
    const columns = right.tensor.shape.at(right.isTransposed ? -2 : -1) ?? 1;
    const shape = [...stretchedShape(outer, right.tensor.shape.slice(0, -2)), rows, columns];
    const flags = { transA: left.isTransposed ? 1 : 0, transB: right.isTransposed ? 1 : 0 };
    return graph.node("FusedMatMul", [left.tensor, right.tensor], shape, flags, { domain: "com.microsoft" });
  };
  const back = (of: Factor, left: Factor, right: Factor): GraphTensor =>
    unstretched(graph, of.isTransposed ? times(turned(right), turned(left)) : times(left, right), of.tensor.shape);
  return tape.record(times(a, b), [a.tensor, b.tensor], (tensor) => {
    const gradient = { tensor, isTransposed: false };
    return [
      a.tensor.isTrained ? back(a, gradient, turned(b)) : undefined,
      b.tensor.isTrained ? back(b, turned(a), gradient) : undefined,
    ];
  });
}

export const DENSE_RULES: GradientRules = {
  product: ({ isLeftTransposed, isRightTransposed }, inputs, { tape }) => {
    const [left, right] = inputs;
    if (left === undefined || right === undefined) throw new NoGradient("it does not have two factors");
    return [
      product(
        tape,
        { tensor: left, isTransposed: isLeftTransposed },
        { tensor: right, isTransposed: isRightTransposed },
      ),
    ];
  },
  dense: ({ weight, bias, activation }, inputs, { tape, weights }) => {
    const y = linear(tape, onlyInput(inputs), weights("weight", weight), bias && weights("bias", bias));
    return [activated(tape, y, activation)];
  },
};
