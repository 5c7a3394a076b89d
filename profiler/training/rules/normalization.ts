import type { BatchNormForm } from "../../neutral/forms.ts";
import type { GraphTensor } from "../onnx-graph.ts";
import type { Tape, Value } from "../tape.ts";
import { arithmetic } from "./elementwise.ts";
import { reshape } from "./layout.ts";
import { NoGradient, onlyInput, type GradientRules, type RuleScope } from "./rule.ts";

/** Exponentials over their sum along one axis, or their logarithm. */
function softmax(tape: Tape, x: Value, axis: number, isLog: boolean): Value {
  const { graph } = tape;
  const y = graph.node(isLog ? "LogSoftmax" : "Softmax", [x], x.shape, { axis });
  const total = (tensor: GraphTensor): GraphTensor => {
    const shape = x.shape.map((size, each) => (each === axis ? 1 : size));
    return graph.node("ReduceSum", [tensor, graph.setting([axis])], shape, { keepdims: 1 });
  };
  const mul = (a: GraphTensor, b: GraphTensor): GraphTensor => graph.node("Mul", [a, b], x.shape);
  return tape.record(y, [x], (gradient) => {
    if (isLog) {
      const share = mul(graph.node("Exp", [y], x.shape), total(gradient));
      return [graph.node("Sub", [gradient, share], x.shape)];
    }
    return [mul(y, graph.node("Sub", [gradient, total(mul(gradient, y))], x.shape))];
  });
}

/** What a batch normalisation multiplies each channel by, and adds to it: mean and variance stay as they are. */
export async function affineOf(form: BatchNormForm, scope: RuleScope): Promise<{ scale: Value; shift: Value }> {
  const { tape } = scope;
  const [mean, variance] = [await scope.numbers(form.mean), await scope.numbers(form.variance)];
  const channels = [mean.length];
  const deviation = variance.map((value) => 1 / Math.sqrt(value + form.epsilon));
  const scale = arithmetic(tape, "multiply", scope.weights("scale", form.scale), tape.constant(channels, deviation));
  const moved = arithmetic(tape, "multiply", scale, tape.constant(channels, mean));
  return { scale, shift: arithmetic(tape, "subtract", scope.weights("shift", form.shift), moved) };
}

export const NORMALIZATION_RULES: GradientRules = {
  "batch-norm": async (form, inputs, scope) => {
    const x = onlyInput(inputs);
    const { tape } = scope;
    const { scale, shift } = await affineOf(form, scope);
    const [channels = 1] = scale.shape;
    const along = x.shape.length <= 2 ? [channels] : [channels, ...x.shape.slice(2).map(() => 1)];
    const scaled = arithmetic(tape, "multiply", x, reshape(tape, scale, along));
    return [arithmetic(tape, "add", scaled, reshape(tape, shift, along))];
  },
  softmax: ({ axes, isLog }, inputs, { tape }) => {
    const x = onlyInput(inputs);
    const [axis = x.shape.length - 1] = axes;
    if (axes.length <= 1) return [softmax(tape, x, axis, isLog)];
    if (axes.at(-1) !== x.shape.length - 1 || axes.length !== x.shape.length - axis)
      throw new NoGradient("it normalises axes that are not the last ones");
    const rows = x.shape.slice(0, axis);
    const flat = reshape(tape, x, [...rows, x.shape.slice(axis).reduce((product, size) => product * size, 1)]);
    return [reshape(tape, softmax(tape, flat, axis, isLog), x.shape)];
  },
};
