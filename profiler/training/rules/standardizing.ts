import type { GroupNormForm, InstanceNormForm, LayerNormForm, LocalResponseNormForm } from "../../neutral/forms.ts";
import type { Tape, Value } from "../tape.ts";
import { convolution } from "./convolution.ts";
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

/** Divided by a power of the squares of the channels beside each: their sum is a 1×1 convolution with a band of ones. */
function localResponse(tape: Tape, x: Value, form: LocalResponseNormForm): Value {
  const { before, after, alpha, beta, bias } = form;
  const [batch = 1, channels = 1, ...spatial] = x.shape;
  const band = new Float32Array(channels * channels);
  for (let channel = 0; channel < channels; channel += 1) {
    const [from, to] = [Math.max(0, channel - before), Math.min(channels - 1, channel + after)];
    band.fill(alpha, channel * channels + from, channel * channels + to + 1);
  }
  const number = (value: number): Value => tape.constant([], Float32Array.of(value));
  const positions = spatial.reduce((product, size) => product * size, 1);
  const squares = reshape(tape, unary(tape, x, "square"), [batch, channels, positions]);
  const weight = tape.constant([channels, channels, 1], band);
  const sums = reshape(tape, convolution(tape, squares, weight, undefined, POINTWISE), x.shape);
  return arithmetic(
    tape,
    "divide",
    x,
    arithmetic(tape, "power", arithmetic(tape, "add", sums, number(bias)), number(beta)),
  );
}

/** Over one axis. */
const POINTWISE = { kernel: [1], strides: [1], dilations: [1], padsBegin: [0], padsEnd: [0], groups: 1 };

export const STANDARDIZING_RULES: GradientRules = {
  "local-response-norm": (form, inputs, { tape }) => [localResponse(tape, onlyInput(inputs), form)],
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
