import { CalibrationError } from "../errors.ts";
import type { PortShape } from "../model/shape.ts";
import { describeShape } from "../tensors/check-inputs.ts";
import { nearestElement, newArray } from "../tensors/numeric-tensor.ts";
import type { SampledInput } from "./input-layout.ts";
import type { InputReader } from "./input-reader.ts";
import { resampled } from "./resample.ts";

/**
 * Samples of maps at the size that an input takes: what an edit of the resolution is checked and fitted on.
 * @param reader samples of another size
 * @throws {CalibrationError} when they are no maps, or differ in more than their sides
 */
export function stretchedReader(reader: InputReader, { name, dataType, shape }: SampledInput): InputReader {
  const sizes = reader.shape.map((size, axis) => (typeof shape[axis] === "number" ? shape[axis] : size));
  if (!isStretchable(reader.shape, shape))
    throw new CalibrationError(
      `${reader.description}: input "${name}" takes ${describeShape(dataType, shape)} a sample, and samples of ${reader.shape.join("×")} cannot be stretched to it`,
      { hint: "Maps can be: two axes or more, the channels among them, which stay as many." },
    );
  if (sizes.join() === reader.shape.join()) return reader;
  return {
    ...reader,
    shape: sizes,
    async read(start, count) {
      let elements: ArrayLike<number> = await reader.read(start, count);
      const now = [count, ...reader.shape];
      for (const [axis, size] of sizes.entries()) {
        elements = resampled(elements, now, axis + 1, size);
        now[axis + 1] = size;
      }
      const data = newArray(dataType, elements.length);
      for (let index = 0; index < data.length; index += 1) data[index] = nearestElement(dataType, elements[index] ?? 0);
      return data;
    },
    close: () => reader.close(),
  };
}

/** Sides of a map may differ; one axis at least, that of the channels, stays. */
export function isStretchable(from: PortShape, to: PortShape): boolean {
  const isAlike = (size: number | string, axis: number): boolean =>
    typeof size === "string" || typeof to[axis] === "string" || size === to[axis];
  return from.length === to.length && (from.every(isAlike) || (from.length >= 2 && from.some(isAlike)));
}
