import { ShapeError } from "./shape-error.ts";

/**
 * An axis counted from the front: −1 is the last of `rank` axes.
 * @throws ShapeError when there is no such axis
 */
export function normalizeAxis(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(`axis ${axis} does not exist in a tensor of rank ${rank}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/**
 * Axes counted from the front, ascending, each once.
 * @throws ShapeError when one does not exist
 */
export function normalizeAxes(axes: readonly number[], rank: number): number[] {
  return [...new Set(axes.map((axis) => normalizeAxis(axis, rank)))].sort((a, b) => a - b);
}
