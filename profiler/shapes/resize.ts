import type { Dimension, Shape } from "../model/shape.ts";
import { floorDivide, ifNumbers, multiply, UNKNOWN_SIZE } from "./dimension.ts";
import { ShapeError } from "./shape-error.ts";

/**
 * What asked-for sizes mean: the sizes themselves (stretch), or one scale for all axes, the largest that fits in them (not-larger) or
 * the smallest that covers them (not-smaller).
 */
export type AspectPolicy = "stretch" | "not-larger" | "not-smaller";

/**
 * Shape with `axes` (default: all) set to `sizes`.
 * @throws ShapeError when there is not one size for each axis
 */
export function resizeBySizes(
  shape: Shape,
  sizes: readonly Dimension[],
  axes: readonly number[] = shape.map((_, axis) => axis),
  policy: AspectPolicy = "stretch",
): Shape {
  checkCount(sizes.length, axes.length, "sizes");
  if (policy === "stretch") return replaceAt(shape, axes, sizes);
  const before = axes.map((axis) => shape[axis] ?? UNKNOWN_SIZE);
  const choose = policy === "not-larger" ? Math.min : Math.max;
  // Single precision throughout: so do the runtimes, and a size that falls on a half depends on it.
  const ratios = sizes.map((size, position) =>
    ifNumbers([size, before[position] ?? UNKNOWN_SIZE], (to, from) => Math.fround(to / from)),
  );
  const scale = ifNumbers(ratios, choose);
  return replaceAt(
    shape,
    axes,
    before.map((size) => ifNumbers([size, scale], (from, by) => Math.round(Math.fround(from * by)))),
  );
}

/**
 * Shape with `axes` (default: all) multiplied by `scales` and rounded down.
 * @throws ShapeError when there is not one scale for each axis
 */
export function resizeByScales(
  shape: Shape,
  scales: readonly number[],
  axes: readonly number[] = shape.map((_, axis) => axis),
): Shape {
  checkCount(scales.length, axes.length, "scales");
  return replaceAt(
    shape,
    axes,
    axes.map((axis, position) => scaled(shape[axis] ?? UNKNOWN_SIZE, scales[position] ?? 1)),
  );
}

function scaled(size: Dimension, scale: number): Dimension {
  if (typeof size === "number") return Math.floor(Math.fround(size * Math.fround(scale)));
  if (Number.isInteger(scale)) return multiply(size, scale);
  return Number.isInteger(1 / scale) ? floorDivide(size, 1 / scale) : UNKNOWN_SIZE;
}

function replaceAt(shape: Shape, axes: readonly number[], sizes: readonly Dimension[]): Shape {
  const result = [...shape];
  axes.forEach((axis, position) => {
    if (axis < 0 || axis >= shape.length) throw new ShapeError(`no axis ${String(axis)} in [${shape.join(", ")}]`);
    result[axis] = sizes[position] ?? UNKNOWN_SIZE;
  });
  return result;
}

function checkCount(given: number, wanted: number, what: string): void {
  if (given !== wanted) throw new ShapeError(`${String(given)} ${what} for ${String(wanted)} axes`);
}
