import { sizeOf } from "../onnx-graph.ts";
import type { Tape, Value } from "../tape.ts";
import { activated } from "./activation.ts";
import { onlyInput, type GradientRules } from "./rule.ts";
import { reshaped } from "./sums.ts";

export function mean(tape: Tape, x: Value, axes: readonly number[], keepsAxes: boolean): Value {
  const { graph } = tape;
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const shape = keepsAxes ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
  const count = sizeOf(x.shape) / sizeOf(kept);
  const y = graph.node("ReduceMean", [x, graph.setting(axes)], shape, { keepdims: keepsAxes ? 1 : 0 });
  return tape.record(y, [x], (gradient) => {
    const share = graph.node("Mul", [reshaped(graph, gradient, kept), graph.scalar(1 / count)], kept);
    return [graph.node("Expand", [share, graph.setting(x.shape)], x.shape)];
  });
}

export const REDUCTION_RULES: GradientRules = {
  "reduce-mean": ({ axes, keepsAxes, activation }, inputs, { tape }) => [
    activated(tape, mean(tape, onlyInput(inputs), axes, keepsAxes), activation),
  ],
};
