import type { Shape } from "../model/shape.ts";
import { normalizeAxes } from "./axes.ts";

/**
 * The shape after `axes` (undefined: all) were reduced to one element each, which stays as a 1 with `keepDims`.
 * @throws ShapeError when an axis does not exist
 */
export function reduceShape(shape: Shape, axes: readonly number[] | undefined, keepDims: boolean): Shape {
  const reduced = axes === undefined ? undefined : new Set(normalizeAxes(axes, shape.length));
  const isReduced = (axis: number) => reduced?.has(axis) ?? true;
  return keepDims
    ? shape.map((size, axis) => (isReduced(axis) ? 1 : size))
    : shape.filter((_, axis) => !isReduced(axis));
}
