import { levelsOf, roundToGrid, roundToOneScale } from "../../../compression/scales.ts";
import { matrix } from "../../../numeric/matrix.ts";
import type { ConvForm, DenseForm } from "../../../neutral/forms.ts";
import { computedWeights, newWeights, type Weights } from "../../../neutral/weights.ts";
import type { Quantization } from "../../../model/model.ts";
import type { IntegerCoding } from "../../../neutral/weight-coding.ts";
import { plannedScheme } from "../../../neutral/quantize.ts";
import type { WeightProblem } from "../compress-weights/weight-problem.ts";

/** Bits of weights; 7 are stored in a byte each. */
export type WeightBits = 8 | 7 | 4;

/**
 * Largest sum that a bias is to reach: half of what 32 bits hold, so that products can be added, and what makes up for the rounding of
 * weights others have.
 */
const LARGEST_BIAS = 2 ** 30;
/** Steps of a bias where its weights are all zero, and any scale would do. */
const STEPS_OF_BIAS = 2 ** 20;

export interface Scales {
  /** A scale for each output; otherwise one for all. */
  readonly isPerChannel: boolean;
  /** A bias of zeros where there was none. */
  readonly needsBias: boolean;
  readonly bits: WeightBits;
  /** Weights of 4 bits are stored in half a byte. */
  readonly isPacked: boolean;
}

/** Weights and bias of a layer as the sizes of them alone tell. */
export function plannedIntegers<F extends ConvForm | DenseForm>(
  form: F,
  { isPerChannel, needsBias, bits, isPacked }: Scales,
): F {
  const unread = (): Promise<never> => Promise.reject(new Error("these weights are only planned"));
  const { weight } = form;
  const bias = form.bias ?? (needsBias ? { shape: weight.shape.slice(0, 1) } : undefined);
  const axis = isPerChannel ? 0 : undefined;
  return {
    ...form,
    weight: {
      ...computedWeights(weight.shape, unread, "int8"),
      quantization: plannedScheme(weight.shape, axis),
      ...(isPacked && { coding: packed(bits, unread) }),
    },
    bias: bias && { ...computedWeights(bias.shape, unread, "int32"), quantization: plannedScheme(bias.shape, axis) },
  };
}

/** What scales of weights must hold: a bias, in the scale of the integers that its layer reads. */
export interface ScaledBias {
  readonly bias: Weights | undefined;
  readonly inputScale: number;
}

/**
 * A layer with int8 weights, rounded so that its outputs err least, and a bias in the scales of input and weights multiplied.
 * @param inputScale of the integers that the layer reads
 * @param others of the layers that share the integers
 */
export async function integerForm<F extends ConvForm | DenseForm>(
  form: F,
  problem: WeightProblem,
  inputScale: number,
  { bits, isPerChannel, needsBias, isPacked }: Scales,
  others: readonly ScaledBias[],
): Promise<F> {
  const half = 2 ** (bits - 1);
  const spec = { lowest: bits === 8 ? 1 - half : -half, highest: half - 1, hasZeroPoint: false, maySwapSides: false };
  const { weights, grid } = await (isPerChannel ? roundToGrid : roundToOneScale)(problem.target, problem.error, spec);
  const shift = problem.biasShift(weights);
  const [outputs = 0] = form.weight.shape;
  const before = (await form.bias?.read()) ?? (needsBias ? new Float32Array(outputs) : undefined);
  const bias = before?.map((value, at) => value + (shift[at] ?? 0));
  const levels = levelsOf(weights, grid);
  const rowOf = (row: number): Int32Array => levels.subarray(row * weights.columns, (row + 1) * weights.columns);
  const needs = largestBiases(outputs, [{ values: bias, inputScale }, ...(await valuesOf(others))]);
  const own = Array.from(grid.scales, (scale, row) => biasScale(scale, rowOf(row), needs[row] ?? 0));
  const scales = isPerChannel ? own : [Math.max(...own.filter((_, row) => rowOf(row).some((level) => level !== 0)))];
  if (!isPerChannel && !Number.isFinite(scales[0])) scales[0] = Math.max(...own);
  const scaleOf = (row: number): number => scales[isPerChannel ? row : 0] ?? 1;
  const integers = Float32Array.from(levels, (level, at) => level * scaleOf(Math.floor(at / weights.columns)));
  const scheme = schemeOf(scales, isPerChannel);
  return {
    ...form,
    weight: {
      ...newWeights(form.weight.shape, integers, "int8"),
      quantization: scheme,
      ...(isPacked && {
        coding: packed(bits, () => Promise.resolve(Uint8Array.from(levels, (level) => level + half))),
      }),
    },
    bias: bias && integerBias(bias, scheme, inputScale),
  };
}

/**
 * A layer with the integers of another one that has the same weights: its bias alone is its own.
 * @param integers as the other layer has them: `integerForm` was told of this layer's bias
 */
export async function sharedIntegerForm<F extends ConvForm | DenseForm>(
  form: F,
  integers: Weights,
  problem: WeightProblem,
  inputScale: number,
  { needsBias }: Scales,
): Promise<F> {
  const scheme = integers.quantization;
  if (scheme === undefined) throw new RangeError("integers have a scale");
  const { rows, columns } = problem.weights;
  const shift = problem.biasShift(matrix(rows, columns, Float32Array.from(await integers.read())));
  const before = (await form.bias?.read()) ?? (needsBias ? new Float32Array(rows) : undefined);
  const bias = before?.map((value, at) => value + (shift[at] ?? 0));
  return { ...form, weight: integers, bias: bias && integerBias(bias, scheme, inputScale) };
}

interface BiasValues {
  readonly values: ArrayLike<number> | undefined;
  readonly inputScale: number;
}

function valuesOf(biases: readonly ScaledBias[]): Promise<readonly BiasValues[]> {
  return Promise.all(biases.map(async ({ bias, inputScale }) => ({ values: await bias?.read(), inputScale })));
}

/** Of each output the largest bias, in scales of its layer's input. */
function largestBiases(outputs: number, biases: readonly BiasValues[]): readonly number[] {
  return Array.from({ length: outputs }, (_, row) =>
    Math.max(...biases.map(({ values, inputScale }) => Math.abs(values?.[row] ?? 0) / inputScale)),
  );
}

/** In the scales of input and weights multiplied. */
function integerBias(bias: Float32Array, { scales, granularity }: Quantization, inputScale: number): Weights {
  return {
    ...newWeights([bias.length], bias, "int32"),
    quantization: schemeOf(
      scales.map((scale) => Math.fround(Math.fround(scale) * inputScale)),
      granularity === "channel",
    ),
  };
}

function packed(bits: WeightBits, levels: IntegerCoding["levels"]): IntegerCoding {
  return { kind: "integers", bits, levels };
}

function schemeOf(scales: readonly number[], isPerChannel: boolean): Quantization {
  const zeroPoints = scales.map(() => 0);
  return isPerChannel
    ? { granularity: "channel", axis: 0, scales, zeroPoints }
    : { granularity: "tensor", scales, zeroPoints };
}

/** Large enough for a bias of that size, in scales of the input; of weights that are all zero, as the bias likes it. */
function biasScale(scale: number, levels: Int32Array, size: number): number {
  if (levels.every((level) => level === 0)) return size > 0 ? Math.fround(size / STEPS_OF_BIAS) : scale;
  return Math.max(scale, Math.fround(size / LARGEST_BIAS));
}
