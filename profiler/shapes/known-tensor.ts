import { isStatic, type Dimension, type Shape } from "../model/shape.ts";

/** Values are propagated for tensors up to this many elements: shape arithmetic is small, and tables of weights are not. */
export const VALUE_ELEMENTS_LIMIT = 1024;

/** A small tensor whose elements are known: what shapes are computed from. Elements may be symbolic; truth values are 0 and 1. */
export interface KnownTensor {
  /** Row-major. */
  readonly value: readonly Dimension[];
  readonly shape: readonly number[];
}

/** As far as a tensor is known. */
interface ValuedShape {
  readonly shape: Shape | undefined;
  readonly value?: readonly Dimension[];
}

export function knownTensor(tensor: ValuedShape | undefined): KnownTensor | undefined {
  if (tensor?.value === undefined || tensor.shape === undefined || !isStatic(tensor.shape)) return undefined;
  return { value: tensor.value, shape: tensor.shape };
}

/** All of `tensors` as known tensors, or undefined when one is not. */
export function knownTensors(tensors: readonly (ValuedShape | undefined)[]): KnownTensor[] | undefined {
  const known = tensors.map(knownTensor).filter((tensor) => tensor !== undefined);
  return known.length === tensors.length ? known : undefined;
}

/** Position in row-major order of the element at `place`. */
export function positionOf(place: readonly number[], shape: readonly number[]): number {
  let position = 0;
  for (let axis = 0; axis < shape.length; axis += 1) position = position * (shape[axis] ?? 1) + (place[axis] ?? 0);
  return position;
}

/** Fills a tensor of `shape` from a function of the place; undefined when it is too large to be carried along. */
export function fill(
  shape: readonly number[],
  elementAt: (place: readonly number[]) => Dimension | undefined,
): Dimension[] | undefined {
  const count = shape.reduce((total, size) => total * size, 1);
  if (count > VALUE_ELEMENTS_LIMIT) return undefined;
  let place = shape.map(() => 0);
  const elements: Dimension[] = [];
  for (let position = 0; position < count; position += 1) {
    const element = elementAt(place);
    if (element === undefined) return undefined;
    elements.push(element);
    place = following(place, shape);
  }
  return elements;
}

/** The next place in row-major order; behind the last one comes the first. */
function following(place: readonly number[], shape: readonly number[]): number[] {
  const next = [...place];
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const moved = (next[axis] ?? 0) + 1;
    const isInside = moved < (shape[axis] ?? 1);
    next[axis] = isInside ? moved : 0;
    if (isInside) break;
  }
  return next;
}

/** The element at `place` of a tensor that is stretched by broadcasting; axes align at the last one. */
export function broadcastElement({ value, shape }: KnownTensor, place: readonly number[]): Dimension | undefined {
  const shift = place.length - shape.length;
  let position = 0;
  for (let axis = 0; axis < shape.length; axis += 1) {
    const size = shape[axis] ?? 1;
    position = position * size + (size === 1 ? 0 : (place[axis + shift] ?? 0));
  }
  return value[position];
}
