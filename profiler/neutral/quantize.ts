import type { DataType } from "../model/data-type.ts";
import type { Quantization } from "../model/model.ts";
import { elementsOf } from "../model/shape.ts";
import { stridesOf } from "./stored-weights.ts";

/** Least and greatest integers of the types that weights and biases are stored in. Signed weights are symmetric: no -128. */
const LIMITS: Partial<Record<DataType, readonly [number, number]>> = {
  int8: [-127, 127],
  uint8: [0, 255],
  int16: [-32767, 32767],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63],
};

/** Of an element that is zero whatever its scale. */
const SCALE_OF_ZEROS = 1;

/**
 * The scheme that fits numbers best: symmetric for signed types, one scale for each slice along `axis` or one for all; from the least
 * to the greatest, zero included, for unsigned ones.
 * Source: TensorFlow Lite 8-bit quantization specification.
 */
export function schemeFor(
  elements: Float32Array,
  shape: readonly number[],
  dataType: DataType,
  axis: number | undefined,
): Quantization {
  const [least, greatest] = LIMITS[dataType] ?? [0, 0];
  if (least === 0) return asymmetric(elements, greatest);
  const largest = largestMagnitudes(elements, shape, axis);
  const scales = Array.from(largest, (magnitude) =>
    magnitude === 0 ? SCALE_OF_ZEROS : Math.fround(magnitude / greatest),
  );
  return { ...plannedScheme(shape, axis), scales };
}

/** A scheme of as many scales as `schemeFor` gives, for weights of which only the size is known. */
export function plannedScheme(shape: readonly number[], axis: number | undefined): Quantization {
  const scales = Array.from({ length: axis === undefined ? 1 : (shape[axis] ?? 1) }, () => SCALE_OF_ZEROS);
  const zeroPoints = scales.map(() => 0);
  return axis === undefined
    ? { granularity: "tensor", scales, zeroPoints }
    : { granularity: "channel", axis, scales, zeroPoints };
}

function asymmetric(elements: Float32Array, steps: number): Quantization {
  const least = elements.reduce((low, value) => Math.min(low, value), 0);
  const greatest = elements.reduce((high, value) => Math.max(high, value), 0);
  const scale = greatest === least ? SCALE_OF_ZEROS : Math.fround((greatest - least) / steps);
  return { granularity: "tensor", scales: [scale], zeroPoints: [0 - Math.round(least / scale)] };
}

function largestMagnitudes(elements: Float32Array, shape: readonly number[], axis: number | undefined): Float64Array {
  const channelOf = channels(shape, axis);
  const largest = new Float64Array(axis === undefined ? 1 : (shape[axis] ?? 1));
  elements.forEach((value, index) => {
    const channel = channelOf(index);
    largest[channel] = Math.max(largest[channel] ?? 0, Math.abs(value));
  });
  return largest;
}

/** Integers that stand for numbers by a scheme; what it cannot reach is held at its ends. */
export function quantized(
  elements: Float32Array,
  shape: readonly number[],
  dataType: DataType,
  { scales, zeroPoints, granularity, axis = 0 }: Quantization,
): Float64Array {
  const [least, greatest] = LIMITS[dataType] ?? [0, 0];
  const lowest = dataType === "int8" ? least - 1 : least;
  const channelOf = channels(shape, granularity === "channel" ? axis : undefined);
  return Float64Array.from(elements, (value, index) => {
    const channel = channelOf(index);
    const integer = Math.round(value / (scales[channel] ?? 1)) + (zeroPoints[channel] ?? zeroPoints[0] ?? 0);
    return Math.min(greatest, Math.max(lowest, integer));
  });
}

function channels(shape: readonly number[], axis: number | undefined): (index: number) => number {
  if (axis === undefined || (elementsOf(shape) ?? 0) === 0) return () => 0;
  const stride = stridesOf(shape)[axis] ?? 1;
  const size = shape[axis] ?? 1;
  return (index) => Math.floor(index / stride) % size;
}
