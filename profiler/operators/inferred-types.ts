import type { DataType } from "../model/data-type.ts";
import type { Dimension, Shape } from "../model/shape.ts";
import { symbol } from "../model/size-expression.ts";
import { UNKNOWN_SIZE } from "../shapes/dimension.ts";
import { ShapeError } from "../shapes/shape-error.ts";
import type { NodeView } from "./node-view.ts";
import type { InferredType } from "./inferred-type.ts";

/** An inferred type with its value where there is one. */
export function inferredType(
  dataType: DataType | undefined,
  shape: Shape | undefined,
  value?: readonly Dimension[],
): InferredType {
  return value === undefined ? { dataType, shape } : { dataType, shape, value };
}

/** Type and shape of an input, for operators that compute each element from the one at its place. */
export function sameAs(view: NodeView, index = 0): InferredType {
  return inferredType(view.dataType(index), view.shape(index));
}

/** `compute` of a shape that is known; undefined else. */
export function mapShape<T>(shape: Shape | undefined, compute: (shape: Shape) => T): T | undefined {
  return shape === undefined ? undefined : compute(shape);
}

/** A list of more sizes than this does not come from a network: axes are few, and so are the parts of a split. */
const MOST_SIZES = 4096;

/**
 * As many unknown sizes as a tensor has axes whose number alone is known.
 * @throws ShapeError for more than any tensor has: a broken file can ask for billions
 */
export function unknownSizes(rank: number): Shape {
  if (rank > MOST_SIZES) throw new ShapeError(`${rank} sizes; the limit is ${MOST_SIZES} (MOST_SIZES)`);
  return Array.from({ length: rank }, () => UNKNOWN_SIZE);
}

/** A size that only the run can tell, named after the output it is the size of: `nonzero(mask)`. */
export function runtimeSize(view: NodeView, label: string, output = 0): Dimension {
  const name = view.outputName(output);
  return name === "" ? UNKNOWN_SIZE : symbol(`${label}(${name})`);
}

/** Axes of the first input. */
export function everyAxis(view: NodeView): readonly number[] {
  return (view.shape(0) ?? []).map((_, axis) => axis);
}
