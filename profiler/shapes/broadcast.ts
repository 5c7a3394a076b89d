import type { Dimension, Shape } from "../model/shape.ts";
import { UNKNOWN_SIZE } from "./dimension.ts";
import { ShapeError } from "./shape-error.ts";

/**
 * The shape that all operands stretch to, by NumPy's rules: aligned at the last axis, sizes equal or 1. undefined when the rank of one is.
 * @throws ShapeError when two sizes differ and neither is 1
 */
export function broadcastShapes(shapes: readonly (Shape | undefined)[]): Shape | undefined {
  const known = shapes.filter((shape) => shape !== undefined);
  if (known.length < shapes.length) return undefined;
  return known.reduce<Shape>(broadcastPair, []);
}

function broadcastPair(a: Shape, b: Shape): Shape {
  if (isSame(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - (rank - a.length)] ?? 1;
    const right = b[axis - (rank - b.length)] ?? 1;
    const size = broadcastSizes(left, right);
    if (size === undefined)
      throw new ShapeError(
        `[${a.join(", ")}] and [${b.join(", ")}] do not broadcast: ${String(left)} against ${String(right)}`,
      );
    return size;
  });
}

function isSame(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** A name against a number over 1 must turn out to be that number or 1; two different names leave the size open. */
function broadcastSizes(a: Dimension, b: Dimension): Dimension | undefined {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === "number") return typeof b === "number" ? undefined : a;
  return typeof b === "number" ? b : UNKNOWN_SIZE;
}
