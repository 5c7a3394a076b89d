/**
 * One dimension of a tensor: a number, or the name of a size that is only known when the model runs
 * (`"boxes"`, or an expression over such names, `"2*boxes"`). Arithmetic on dimensions is in `shapes/dimension.ts`.
 */
export type Dimension = number | string;

/** Dimensions, outermost first. A scalar has none. */
export type Shape = readonly Dimension[];

/** Twice what NumPy has; a tensor of hundreds of axes is damage. */
export const HIGHEST_RANK = 128;

export function isStatic(shape: Shape): shape is readonly number[] {
  return shape.every((dimension) => typeof dimension === "number");
}

/** Number of elements; undefined when a dimension is symbolic (an empty tensor is empty whatever the others are). */
export function elementsOf(shape: Shape): number | undefined {
  let product: number | undefined = 1;
  for (const dimension of shape) {
    if (dimension === 0) return 0;
    product = product === undefined || typeof dimension === "string" ? undefined : product * dimension;
  }
  return product;
}
