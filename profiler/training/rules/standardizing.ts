import type { GroupNormForm, InstanceNormForm, LayerNormForm } from "../../neutral/forms.ts";
import type { Tape, Value } from "../tape.ts";
import { arithmetic } from "./elementwise.ts";
import { reshape } from "./layout.ts";
import { mean } from "./reduction.ts";
import { NoGradient, onlyInput, type GradientRules } from "./rule.ts";
import { unary } from "./unary.ts";

/** (x − mean) / √(variance + ε) over some axes, or x / √(mean square + ε): the gradient comes through the mean and the variance too. */
function standardized(tape: Tape, x: Value, axes: readonly number[], by: NonNullable<LayerNormForm["by"]>): Value {
  const centred = by.deviation === "from-mean" ? arithmetic(tape, "subtract", x, mean(tape, x, axes, true)) : x;
  const square = mean(tape, unary(tape, centred, "square"), axes, true);
  const kept = arithmetic(tape, "add", square, tape.constant([], Float32Array.of(by.epsilon)));
  return arithmetic(tape, "multiply", centred, unary(tape, kept, "root-reciprocal"));
}

/** Normalises each group of channels over its positions. @param scale, shift one number for each channel, or for each group */
function byGroups(tape: Tape, x: Value, groups: number, epsilon: number, scale: Value, shift: Value): Value {
  const [batch = 1, channels = 1, ...spatial] = x.shape;
  const split = reshape(tape, x, [batch, groups, channels / groups, ...spatial]);
  const axes = split.shape.map((_, axis) => axis).slice(2);
  const even = standardized(tape, split, axes, { deviation: "from-mean", epsilon });
  const ones = spatial.map(() => 1);
  const along = (numbers: Value): Value => {
    const isPerGroup = numbers.shape[0] === groups && groups !== channels;
    return reshape(tape, numbers, isPerGroup ? [groups, 1, ...ones] : [groups, channels / groups, ...ones]);
  };
  const scaled = arithmetic(tape, "multiply", even, along(scale));
  return reshape(tape, arithmetic(tape, "add", scaled, along(shift)), x.shape);
}

export const STANDARDIZING_RULES: GradientRules = {
  "layer-norm": (form: LayerNormForm, inputs, { tape, weights }) => {
    const { axes, by, scale, shift } = form;
    if (by === undefined) throw new NoGradient("it divides by a norm, or by numbers that the run computes");
    const even = standardized(tape, onlyInput(inputs), axes, by);
    const scaled = scale ? arithmetic(tape, "multiply", even, weights("scale", scale)) : even;
    return [shift ? arithmetic(tape, "add", scaled, weights("shift", shift)) : scaled];
  },
  "instance-norm": (form: InstanceNormForm, inputs, { tape, weights }) => {
    const x = onlyInput(inputs);
    const [scale, shift] = [weights("scale", form.scale), weights("shift", form.shift)];
    return [byGroups(tape, x, x.shape[1] ?? 1, form.epsilon, scale, shift)];
  },
  "group-norm": (form: GroupNormForm, inputs, { tape, weights }) => {
    const [scale, shift] = [weights("scale", form.scale), weights("shift", form.shift)];
    return [byGroups(tape, onlyInput(inputs), form.groups, form.epsilon, scale, shift)];
  },
};
