import type { ConvForm, SlidingWindow } from "../../neutral/forms.ts";
import type { Weights } from "../../neutral/weights.ts";

/** Steps of a 1×1 convolution: every position, no padding. */
export function pointwiseSteps(axes: number): SlidingWindow {
  const ones = Array.from({ length: axes }, () => 1);
  const zeros = ones.map(() => 0);
  return { strides: ones, dilations: ones, padsBegin: zeros, padsEnd: zeros, autoPad: undefined };
}

/** A layer's steps on the axes that `keeps` names; on the others those of a 1×1 convolution. */
export function stepsAlong(form: SlidingWindow, keeps: (axis: number) => boolean): SlidingWindow {
  const still = pointwiseSteps(form.strides.length);
  const pick = (steps: readonly number[], rest: readonly number[]): readonly number[] =>
    steps.map((step, axis) => (keeps(axis) ? step : (rest[axis] ?? step)));
  return {
    strides: pick(form.strides, still.strides),
    dilations: pick(form.dilations, still.dilations),
    padsBegin: pick(form.padsBegin, still.padsBegin),
    padsEnd: pick(form.padsEnd, still.padsEnd),
    // A window of one element that steps by one is padded with nothing by it.
    autoPad: form.autoPad,
  };
}

/** A convolution without bias and activation: the first of two that take one's place. */
export function bareConv(weight: Weights, steps: SlidingWindow, groups = 1): ConvForm {
  const { strides, dilations, padsBegin, padsEnd, autoPad } = steps;
  return {
    kind: "conv",
    weight,
    bias: undefined,
    groups,
    strides,
    dilations,
    padsBegin,
    padsEnd,
    autoPad,
    activation: undefined,
  };
}
