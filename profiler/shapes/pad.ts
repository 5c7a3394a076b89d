import type { Dimension, Shape } from "../model/shape.ts";
import { broadcastShapes } from "./broadcast.ts";
import { add, multiply } from "./dimension.ts";
import { ShapeError } from "./shape-error.ts";

/**
 * Each axis grown by what is put before and after it; a negative pad crops.
 * @throws ShapeError when the lists do not match the rank or more is cropped than is there
 */
export function padShape(shape: Shape, before: readonly Dimension[], after: readonly Dimension[]): Shape {
  if (before.length !== shape.length || after.length !== shape.length) {
    throw new ShapeError(`${before.length} and ${after.length} pads for a tensor of rank ${shape.length}`);
  }
  return shape.map((size, axis) => {
    const padded = add(add(size, before[axis] ?? 0), after[axis] ?? 0);
    if (typeof padded === "number" && padded < 0) throw new ShapeError(`pads crop axis ${axis} to ${padded}`);
    return padded;
  });
}

/**
 * Each axis repeated as often as `repeats` says.
 * @throws ShapeError when the list does not match the rank or a repeat is negative
 */
export function tileShape(shape: Shape, repeats: readonly Dimension[]): Shape {
  requireSizes(repeats);
  if (repeats.length !== shape.length) {
    throw new ShapeError(`${repeats.length} repeats for a tensor of rank ${shape.length}`);
  }
  return shape.map((size, axis) => multiply(size, repeats[axis] ?? 1));
}

/**
 * Stretched to `target`, which may itself be stretched by the shape (ONNX Expand).
 * @throws ShapeError when they do not broadcast or a size is negative
 */
export function expandShape(shape: Shape, target: readonly Dimension[]): Shape {
  requireSizes(target);
  return broadcastShapes([shape, target]) ?? [];
}

function requireSizes(sizes: readonly Dimension[]): void {
  const negative = sizes.find((size) => typeof size === "number" && size < 0);
  if (negative !== undefined) throw new ShapeError(`${String(negative)} is not a size`);
}
