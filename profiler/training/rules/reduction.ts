import type { ReduceForm } from "../../neutral/forms.ts";
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

/** The gradient of a sum goes to all that it is of; that of a largest or smallest in equal shares to those that tie, as in PyTorch. */
function reduced(tape: Tape, x: Value, { fn, axes, keepsAxes }: ReduceForm): Value {
  const { graph } = tape;
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const shape = x.shape.filter((_, axis) => !axes.includes(axis));
  const op = { sum: "ReduceSum", maximum: "ReduceMax", minimum: "ReduceMin" }[fn];
  const whole = graph.node(op, [x, graph.setting(axes)], kept, { keepdims: 1 });
  const y = keepsAxes ? whole : reshaped(graph, whole, shape);
  return tape.record(y, [x], (gradient) => {
    const back = reshaped(graph, gradient, kept);
    if (fn === "sum") return [graph.node("Expand", [back, graph.setting(x.shape)], x.shape)];
    const ties = graph.node("Cast", [graph.node("Equal", [x, whole], x.shape)], x.shape, { to: FLOAT });
    const count = graph.node("ReduceSum", [ties, graph.setting(axes)], kept, { keepdims: 1 });
    return [graph.node("Mul", [ties, graph.node("Div", [back, count], kept)], x.shape)];
  });
}

/** Data type of ONNX. */
const FLOAT = 1;

export const REDUCTION_RULES: GradientRules = {
  reduce: (form, inputs, { tape }) => [reduced(tape, onlyInput(inputs), form)],
  "reduce-mean": ({ axes, keepsAxes, activation }, inputs, { tape }) => [
    activated(tape, mean(tape, onlyInput(inputs), axes, keepsAxes), activation),
  ],
};
