import type { Dimension, Shape } from "../model/shape.ts";
import { UNKNOWN_SIZE } from "../shapes/dimension.ts";
import type { InferredType } from "./inferred-type.ts";

/**
 * What holds of a tensor that is either of two: equal sizes and values stay, other sizes become symbolic. Which numbers it is is no
 * longer said, since that is open until the run.
 * @param nameOf name for the size of an axis that differs
 */
export function mergeTypes(a: InferredType, b: InferredType, nameOf: (axis: number) => Dimension): InferredType {
  // An empty sequence contradicts no other: what holds of each tensor of the other holds of none or all of this one.
  if (isEmptySequence(a) && b.container === "sequence") return withoutNumbers(b);
  if (isEmptySequence(b) && a.container === "sequence") return withoutNumbers(a);
  const shape = mergeShapes(a.shape, b.shape, nameOf);
  const merged = {
    dataType: a.dataType === b.dataType ? a.dataType : undefined,
    shape,
    ...(a.container !== undefined && a.container === b.container && { container: a.container }),
  };
  return a.value !== undefined && isSameList(a.value, b.value) ? { ...merged, value: a.value } : merged;
}

/**
 * What holds of the output of a choice between two branches. A branch that cannot be computed at these input sizes (a branch for
 * another sampling rate, say) says nothing: the other one is the one that runs.
 */
export function mergeBranches(a: InferredType, b: InferredType, nameOf: (axis: number) => Dimension): InferredType {
  if (a.shape === undefined && b.shape !== undefined) return withoutNumbers(b);
  if (b.shape === undefined && a.shape !== undefined) return withoutNumbers(a);
  return mergeTypes(a, b, nameOf);
}

function isEmptySequence({ items }: InferredType): boolean {
  return items?.count === 0;
}

function withoutNumbers({ dataType, shape, container }: InferredType): InferredType {
  return { dataType, shape, ...(container !== undefined && { container }) };
}

function mergeShapes(
  a: Shape | undefined,
  b: Shape | undefined,
  nameOf: (axis: number) => Dimension,
): Shape | undefined {
  if (a === undefined || a.length !== b?.length) return undefined;
  return a.map((size, axis) => (size === b[axis] ? size : nameOf(axis)));
}

function isSameList(a: readonly Dimension[], b: readonly Dimension[] | undefined): boolean {
  return a.length === b?.length && a.every((element, place) => element === b[place] && element !== UNKNOWN_SIZE);
}

/** Whether two inferred types say the same of type and shape. */
export function isSameType(a: InferredType, b: InferredType): boolean {
  if (a.dataType !== b.dataType || a.shape?.length !== b.shape?.length) return false;
  return a.shape?.every((size, axis) => size === b.shape?.[axis]) ?? true;
}
