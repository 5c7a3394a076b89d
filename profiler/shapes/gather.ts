import type { Shape } from "../model/shape.ts";
import { normalizeAxis } from "./axes.ts";
import { ShapeError } from "./shape-error.ts";

/**
 * `axis` of the data replaced by the axes of the indices; the first `batchDims` axes, which both have, stay as they are.
 * @throws ShapeError when the axis does not exist
 */
export function gatherShape(data: Shape, indices: Shape, axis: number, batchDims = 0): Shape {
  const at = normalizeAxis(axis, data.length);
  return [...data.slice(0, at), ...indices.slice(batchDims), ...data.slice(at + 1)];
}

/**
 * Each vector in the last axis of the indices picks a slice of the data; undefined when that axis' length is symbolic.
 * @throws ShapeError when the vectors are longer than the data has axes
 */
export function gatherNdShape(data: Shape, indices: Shape, batchDims = 0): Shape | undefined {
  const depth = indices.at(-1);
  if (depth === undefined) throw new ShapeError("indices of a gather must have at least one axis");
  if (typeof depth !== "number") return undefined;
  if (batchDims + depth > data.length) {
    throw new ShapeError(`indices of ${depth} coordinates in a tensor of rank ${data.length - batchDims}`);
  }
  return [...indices.slice(0, -1), ...data.slice(batchDims + depth)];
}
