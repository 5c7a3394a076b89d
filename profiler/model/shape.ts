import type { SizeExpression } from "./size-expression.ts";

/**
 * One dimension of a tensor: a number, or a size that is only known when the model runs: `boxes`, or an expression over such names,
 * `2*boxes`. Arithmetic on dimensions is in `shapes/dimension.ts`.
 */
export type Dimension = number | SizeExpression;

/** Sizes of an input or output as a runtime tells them: dynamic ones by their names. */
export type PortShape = readonly PrintedDimension[];

/** As it is shown, stored and sent: text stands for a size that only a run can tell. */
export type PrintedDimension = number | string;

export function printDimension(dimension: Dimension): PrintedDimension {
  return typeof dimension === "number" ? dimension : dimension.toString();
}

/** Dimensions, outermost first. A scalar has none. */
export type Shape = readonly Dimension[];

/** Twice what NumPy has; a tensor of hundreds of axes is damage. */
export const HIGHEST_RANK = 128;

export function isStatic(shape: readonly (Dimension | string)[]): shape is readonly number[] {
  return shape.every((dimension) => typeof dimension === "number");
}

/** Number of elements; undefined when a dimension is symbolic (an empty tensor is empty whatever the others are). */
export function elementsOf(shape: readonly (Dimension | string)[]): number | undefined {
  let product: number | undefined = 1;
  for (const dimension of shape) {
    if (dimension === 0) return 0;
    product = product === undefined || typeof dimension !== "number" ? undefined : product * dimension;
  }
  return product;
}
