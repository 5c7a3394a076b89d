import type { Dimension, Shape } from "../model/shape.ts";
import { normalizeAxis } from "./axes.ts";
import { add, ceilDivide, multiply, subtract } from "./dimension.ts";
import { ShapeError } from "./shape-error.ts";

/**
 * Sizes along `axis` added, all others equal: where one shape has a name and another a number, the number stands.
 * @throws ShapeError when the shapes do not fit
 */
export function concatShapes(shapes: readonly Shape[], axis: number): Shape {
  const [first, ...others] = shapes;
  if (first === undefined) throw new ShapeError("nothing to concatenate");
  const along = normalizeAxis(axis, first.length);
  return others.reduce<Shape>((joined, shape) => {
    if (shape.length !== joined.length)
      throw new ShapeError(`ranks ${joined.length} and ${shape.length} do not concatenate`);
    return joined.map((size, at) => (at === along ? add(size, shape[at] ?? 0) : sameSize(size, shape[at] ?? size, at)));
  }, first);
}

/**
 * Equal shapes along a new axis, which counts in the output.
 * @throws ShapeError when the shapes differ
 */
export function stackShapes(shapes: readonly Shape[], axis: number): Shape {
  const [first, ...others] = shapes;
  if (first === undefined) throw new ShapeError("nothing to stack");
  const common = others.reduce<Shape>((joined, shape) => {
    if (shape.length !== joined.length) throw new ShapeError(`ranks ${joined.length} and ${shape.length} do not stack`);
    return joined.map((size, at) => sameSize(size, shape[at] ?? size, at));
  }, first);
  return common.toSpliced(normalizeAxis(axis, first.length + 1), 0, shapes.length);
}

/**
 * Sizes of `parts` parts of one axis: ceil(total / parts) each, and what is left in the last.
 * @throws ShapeError when nothing is left for the last part
 */
export function splitSizes(total: Dimension, parts: number): Dimension[] {
  if (!Number.isInteger(parts) || parts < 1) throw new ShapeError(`cannot split into ${parts} parts`);
  const size = ceilDivide(total, parts);
  if (typeof total !== "number" || typeof size !== "number") return Array.from({ length: parts }, () => size);
  const last = subtract(total, multiply(size, parts - 1));
  if (typeof last === "number" && last < 0)
    throw new ShapeError(`${total} elements cannot be split into ${parts} parts`);
  return Array.from({ length: parts }, (_, part) => (part === parts - 1 ? last : size));
}

function sameSize(a: Dimension, b: Dimension, axis: number): Dimension {
  if (a === b || typeof b !== "number") return a;
  if (typeof a !== "number") return b;
  throw new ShapeError(`sizes ${a} and ${b} at axis ${axis} must be equal`);
}
