import { elementsOf, isStatic, type Dimension, type Shape } from "../model/shape.ts";
import { normalizeAxes, normalizeAxis } from "./axes.ts";
import { product, quotient, UNKNOWN_SIZE } from "./dimension.ts";
import { ShapeError } from "./shape-error.ts";

export interface ReshapeOptions {
  /** A 0 in the target takes the input's size at that place (ONNX without allowzero); else it is a size of 0. */
  readonly zeroCopies: boolean;
}

/**
 * The shape that `target` asks for: one −1 takes what is left of the elements, and symbolic sizes stay.
 * @throws ShapeError when the elements do not fit
 */
export function reshapeShape(input: Shape | undefined, target: readonly Dimension[], options: ReshapeOptions): Shape {
  const copied = target.map((size, place) => (size === 0 && options.zeroCopies ? copiedSize(input, place) : size));
  if (copied.some((size) => typeof size === "number" && (size < -1 || !Number.isInteger(size)))) {
    throw new ShapeError(`[${target.join(", ")}] is not a shape`);
  }
  const open = copied.indexOf(-1);
  if (open < 0) return checkedElements(input, copied);
  if (copied.includes(-1, open + 1)) throw new ShapeError(`[${target.join(", ")}] leaves more than one size open`);
  const others = copied.toSpliced(open, 1);
  return copied.with(open, input === undefined ? UNKNOWN_SIZE : openSize(input, others));
}

function copiedSize(input: Shape | undefined, place: number): Dimension {
  if (input === undefined) return UNKNOWN_SIZE;
  const size = input[place];
  if (size === undefined)
    throw new ShapeError(`a 0 at place ${place} copies a size that [${input.join(", ")}] does not have`);
  return size;
}

/** What −1 stands for: the input's elements over the product of the other sizes. */
function openSize(input: Shape, others: Shape): Dimension {
  if (others.includes(0)) throw new ShapeError("a size beside one of 0 cannot be inferred");
  const size = quotient(input, others);
  if (typeof size === "number" && !Number.isInteger(size)) {
    throw new ShapeError(`${String(product(input))} elements do not divide by [${others.join(", ")}]`);
  }
  return size;
}

function checkedElements(input: Shape | undefined, target: Shape): Shape {
  const before = input === undefined ? undefined : elementsOf(input);
  const after = elementsOf(target);
  if (before !== undefined && after !== undefined && before !== after) {
    throw new ShapeError(`${before} elements do not fit in [${target.join(", ")}]`);
  }
  return target;
}

/**
 * Two dimensions: those before `axis` multiplied and those from it on. `axis` may be the rank itself.
 * @throws ShapeError when the axis does not exist
 */
export function flattenShape(shape: Shape, axis: number): Shape {
  const split = axis === shape.length ? axis : normalizeAxis(axis, shape.length);
  return [product(shape.slice(0, split)), product(shape.slice(split))];
}

/**
 * Without `axes`: all sizes of 1 are dropped, undefined when a symbolic size leaves it open which those are.
 * @throws ShapeError when a dropped size is not 1
 */
export function squeezeShape(shape: Shape, axes: readonly number[]): Shape;
export function squeezeShape(shape: Shape, axes?: readonly number[]): Shape | undefined;
export function squeezeShape(shape: Shape, axes?: readonly number[]): Shape | undefined {
  if (axes === undefined) return isStatic(shape) ? shape.filter((size) => size !== 1) : undefined;
  const dropped = normalizeAxes(axes, shape.length);
  const wrong = dropped.find((axis) => typeof shape[axis] === "number" && shape[axis] !== 1);
  if (wrong !== undefined)
    throw new ShapeError(`axis ${wrong} of [${shape.join(", ")}] is not 1 and cannot be squeezed`);
  return shape.filter((_, axis) => !dropped.includes(axis));
}

/**
 * A size of 1 at each of `axes`, which count in the output.
 * @throws ShapeError when an axis does not exist there or is named twice
 */
export function unsqueezeShape(shape: Shape, axes: readonly number[]): Shape {
  const rank = shape.length + axes.length;
  const added = normalizeAxes(axes, rank);
  if (added.length < axes.length) throw new ShapeError(`axes [${axes.join(", ")}] name one twice`);
  return added.reduce<Shape>((grown, axis) => grown.toSpliced(axis, 0, 1), shape);
}
