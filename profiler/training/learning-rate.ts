import { bitsOf } from "../model/data-type.ts";
import type { TrainingPlan } from "./plan.ts";

/**
 * Learning rate. Measured: 0.02 to 0.05 are alike where the student answers already, and from the start of one that does not (digits_vgg_bn with 1×1
 * kernels) 0.05 comes to 12.6 dB and 0.1 to 13.2 dB in 200 steps.
 */
const RATE = 0.03;

/** Bits up to which a weight that goes over to the next level is a jump for its layer. */
const FEW_BITS = 4;
/**
 * A sixth of the rate of weights that move freely. Measured, at 0.0015 and at 0.005: digits_resnet of 2 bits comes to 28.8 and to 29.7 dB, digits_inception to
 * 24.6 and to 25.4, binary digits_resnet to 24.3 and to 25.0; kws of 2 bits comes to 9.7 to 11.3 dB at 0.005 and 0.01, by seed and order.
 */
const RATE_OF_FEW_LEVELS = 0.005;

/** Whether weights of 4 bits or fewer are trained, whatever computes with them. */
export function hasFewLevels({ parameters }: TrainingPlan): boolean {
  return parameters.some(({ weights: { coding, dataType } }) => {
    const bits = coding?.kind === "affine" || coding?.kind === "integers" ? coding.bits : bitsOf(dataType);
    return bits !== undefined && bits <= FEW_BITS;
  });
}

/** By what share of its tensor's weights a step moves each at most, where nobody says otherwise. */
export function defaultRate(plan: TrainingPlan): number {
  return hasFewLevels(plan) ? RATE_OF_FEW_LEVELS : RATE;
}
