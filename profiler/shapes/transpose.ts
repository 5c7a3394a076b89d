import type { Dimension, Shape } from "../model/shape.ts";
import { normalizeAxis } from "./axes.ts";
import { ShapeError } from "./shape-error.ts";

/**
 * Axes in the order of `permutation`; reversed by default.
 * @throws ShapeError when it is no permutation of the axes
 */
export function transposeShape(shape: Shape, permutation?: readonly number[]): Shape {
  return fullPermutation(shape.length, permutation).map((axis): Dimension => shape[axis] ?? 1);
}

/** `permutation` counted from the front, checked, and reversed axes where there is none. */
export function fullPermutation(rank: number, permutation?: readonly number[]): number[] {
  if (permutation === undefined) return Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  const axes = permutation.map((axis) => normalizeAxis(axis, rank));
  if (axes.length !== rank || new Set(axes).size !== rank) {
    throw new ShapeError(`[${permutation.join(", ")}] is not a permutation of ${rank} axes`);
  }
  return axes;
}
