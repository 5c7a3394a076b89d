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

/** Element numbers of a shape's strides: [12, 4, 1] for [2, 3, 4]. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const size of shape.toReversed()) {
    strides.unshift(stride);
    stride *= size;
  }
  return strides;
}

/** Position in row-major order of the element at `place`. */
export function positionOf(place: readonly number[], shape: readonly number[]): number {
  return stridesOf(shape).reduce((position, stride, axis) => position + stride * (place[axis] ?? 0), 0);
}

/** Fills a tensor of `shape` from a function of the place; undefined when it is too large to be carried along. */
export function fill(
  shape: readonly number[],
  elementAt: (place: readonly number[]) => Dimension | undefined,
): Dimension[] | undefined {
  const count = shape.reduce((total, size) => total * size, 1);
  if (count > VALUE_ELEMENTS_LIMIT) return undefined;
  const strides = stridesOf(shape);
  const elements: Dimension[] = [];
  for (let position = 0; position < count; position += 1) {
    const place = shape.map((size, axis) => Math.floor(position / (strides[axis] ?? 1)) % size);
    const element = elementAt(place);
    if (element === undefined) return undefined;
    elements.push(element);
  }
  return elements;
}

/** The element at `place` of a tensor that is stretched by broadcasting; axes align at the last one. */
export function broadcastElement(tensor: KnownTensor, place: readonly number[]): Dimension | undefined {
  const shift = place.length - tensor.shape.length;
  const own = tensor.shape.map((size, axis) => (size === 1 ? 0 : (place[axis + shift] ?? 0)));
  return tensor.value[positionOf(own, tensor.shape)];
}
