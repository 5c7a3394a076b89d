import { roundToGrid, levelsOf } from "../../../compression/scales.ts";
import { computedWeights, newWeights, type ConvForm, type DenseForm, type Weights } from "../../../neutral/forms.ts";
import type { Quantization } from "../../../model/model.ts";
import { plannedScheme } from "../../../neutral/quantize.ts";
import type { WeightProblem } from "../compress-weights/weight-problem.ts";

/** Bits of weights; 7 are stored in a byte each. */
export type WeightBits = 8 | 7 | 4;

/** Largest sum that a bias is to reach: half of what 32 bits hold, so that products can be added. */
const LARGEST_BIAS = 2 ** 30;
/** Steps of a bias where its weights are all zero, and any scale would do. */
const STEPS_OF_BIAS = 2 ** 20;

/** Weights and bias of a layer as the sizes of them alone tell. */
export function plannedIntegers<F extends ConvForm | DenseForm>(form: F, hasChannelScales: boolean): F {
  const unread = (): Promise<Float32Array> => Promise.reject(new Error("these weights are only planned"));
  const { weight, bias } = form;
  const axis = hasChannelScales ? 0 : undefined;
  return {
    ...form,
    weight: { ...computedWeights(weight.shape, unread, "int8"), quantization: plannedScheme(weight.shape, axis) },
    bias: bias && { ...computedWeights(bias.shape, unread, "int32"), quantization: plannedScheme(bias.shape, axis) },
  };
}

/**
 * A layer with int8 weights, rounded so that its outputs err least, and a bias in the scales of input and weights multiplied.
 * @param inputScale of the integers that the layer reads
 */
export async function integerForm<F extends ConvForm | DenseForm>(
  form: F,
  problem: WeightProblem,
  inputScale: number,
  bits: WeightBits,
): Promise<F> {
  const half = 2 ** (bits - 1);
  const isFull = bits !== 7;
  const { weights, grid } = await roundToGrid(problem.target, problem.error, {
    lowest: isFull ? 1 - half : -half,
    highest: half - 1,
    hasZeroPoint: false,
    maySwapSides: false,
  });
  const shift = problem.biasShift(weights);
  const bias = form.bias && (await form.bias.read()).map((value, at) => value + (shift[at] ?? 0));
  const levels = levelsOf(weights, grid);
  const scales = Array.from(grid.scales, (scale, row) =>
    biasScale(scale, levels.subarray(row * weights.columns, (row + 1) * weights.columns), bias?.[row] ?? 0, inputScale),
  );
  const integers = Float32Array.from(levels, (level, at) => level * (scales[Math.floor(at / weights.columns)] ?? 1));
  return {
    ...form,
    weight: { ...newWeights(form.weight.shape, integers, "int8"), quantization: channels(scales) },
    bias: bias && integerBias(form.bias.shape, bias, scales, inputScale),
  };
}

function integerBias(
  shape: readonly number[],
  bias: Float32Array,
  scales: readonly number[],
  inputScale: number,
): Weights {
  const products = scales.map((scale) => Math.fround(Math.fround(scale) * inputScale));
  return { ...newWeights(shape, bias, "int32"), quantization: channels(products) };
}

function channels(scales: readonly number[]): Quantization {
  return { granularity: "channel", axis: 0, scales, zeroPoints: scales.map(() => 0) };
}

/** Large enough for the bias; of weights that are all zero, as the bias likes it. */
function biasScale(scale: number, levels: Int32Array, bias: number, inputScale: number): number {
  const size = Math.abs(bias);
  if (levels.every((level) => level === 0)) return size > 0 ? Math.fround(size / STEPS_OF_BIAS / inputScale) : scale;
  return Math.max(scale, Math.fround(size / LARGEST_BIAS / inputScale));
}
