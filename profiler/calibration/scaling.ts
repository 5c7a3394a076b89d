import { CalibrationError } from "../errors.ts";
import { nearestElement, newArray, type NumericArray, type NumericType } from "../tensors/numeric-tensor.ts";
import { channelAxis } from "./input-layout.ts";
import type { Scaling } from "./spec.ts";

export interface ScaledSamples {
  readonly dataType: NumericType;
  /** Of one sample. */
  readonly shape: readonly number[];
  /** Where `mean` and `std` of several numbers apply. */
  readonly channelAxis: number | undefined;
}

/** Turns stored numbers into an input's elements: ((stored − zeroPoint) × scale − mean) / std. */
export function scaleSamples(
  stored: ArrayLike<number>,
  { zeroPoint = 0, scale = 1, mean = [0], std = [1] }: Scaling,
  { dataType, shape, channelAxis = 0 }: ScaledSamples,
): NumericArray {
  const data = newArray(dataType, stored.length);
  const inner = shape.slice(channelAxis + 1).reduce((product, size) => product * size, 1);
  const channels = shape[channelAxis] ?? 1;
  for (let index = 0; index < data.length; index += 1) {
    const channel = Math.floor(index / inner) % channels;
    const real = ((stored[index] ?? 0) - zeroPoint) * scale;
    const centred = (real - (mean[channel] ?? mean[0] ?? 0)) / (std[channel] ?? std[0] ?? 1);
    data[index] = nearestElement(dataType, centred);
  }
  return data;
}

/**
 * The axis that a mean or deviation per channel runs along: that of a picture's channels, else the first or the last.
 * @throws {CalibrationError} when it has not as many elements
 */
export function axisOfScaling(
  path: string,
  { mean = [], std = [] }: Scaling,
  shape: readonly number[],
): number | undefined {
  const channels = Math.max(mean.length, std.length);
  if (std.includes(0)) throw new CalibrationError(`${path}: a standard deviation of 0 cannot be divided by`);
  if (channels <= 1) return undefined;
  const known = channelAxis(shape);
  const candidates = known === undefined ? [0, shape.length - 1] : [known];
  const axis = candidates.find((each) => shape[each] === channels);
  const isEven = [mean, std].every(({ length }) => length <= 1 || length === channels);
  if (axis !== undefined && isEven) return axis;
  throw new CalibrationError(
    `${path}: ${mean.length} means and ${std.length} deviations do not fit samples of ${shape.join("×")}: expected one, or one a channel`,
  );
}
