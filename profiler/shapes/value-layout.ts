import type { Dimension } from "../model/shape.ts";
import { normalizeAxis } from "./axes.ts";
import { broadcastElement, fill, positionOf, type KnownTensor } from "./known-tensor.ts";
import { resolveCut, type Cut } from "./slice.ts";
import { fullPermutation } from "./transpose.ts";

/** Known elements moved, picked and repeated. Each gives undefined where a place is symbolic or the result too large to carry along. */

export function transposeValue(tensor: KnownTensor, permutation?: readonly number[]): Dimension[] | undefined {
  const axes = fullPermutation(tensor.shape.length, permutation);
  return fill(
    axes.map((axis) => tensor.shape[axis] ?? 1),
    (place) =>
      elementAt(
        tensor,
        tensor.shape.map((_, axis) => place[axes.indexOf(axis)] ?? 0),
      ),
  );
}

export function sliceValue(tensor: KnownTensor, cut: Cut): Dimension[] | undefined {
  const cuts = resolveCut(tensor.shape, cut);
  return (
    cuts &&
    fill(
      cuts.map(({ count }) => count),
      (place) =>
        elementAt(
          tensor,
          cuts.map(({ start, step }, axis) => start + step * (place[axis] ?? 0)),
        ),
    )
  );
}

/** The tensors one after the other along `axis`. */
export function concatValue(tensors: readonly KnownTensor[], axis: number): Dimension[] | undefined {
  const [first] = tensors;
  if (first === undefined) return undefined;
  const along = normalizeAxis(axis, first.shape.length);
  const sizes = tensors.map(({ shape }) => shape[along] ?? 0);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return fill(first.shape.with(along, total), (place) => {
    let offset = place[along] ?? 0;
    const source = tensors.find((_, part) => {
      const size = sizes[part] ?? 0;
      if (offset < size) return true;
      offset -= size;
      return false;
    });
    return source && elementAt(source, place.with(along, offset));
  });
}

/** The tensors, all of one shape, one after the other along a new axis. @param axis of the result */
export function stackValue(tensors: readonly KnownTensor[], axis: number): Dimension[] | undefined {
  const rank = (tensors[0]?.shape.length ?? 0) + 1;
  const along = normalizeAxis(axis, rank);
  const parts = tensors.map(({ value, shape }): KnownTensor => ({ value, shape: shape.toSpliced(along, 0, 1) }));
  return concatValue(parts, along);
}

/** Slices of `data` at tuples of indices along its first axes. */
export function gatherNdValue(data: KnownTensor, indices: KnownTensor): Dimension[] | undefined {
  const depth = indices.shape.at(-1) ?? 0;
  const outer = indices.shape.slice(0, -1);
  return fill([...outer, ...data.shape.slice(depth)], (place) => {
    const tuple = Array.from({ length: depth }, (_, axis) =>
      validIndex(elementAt(indices, [...place.slice(0, outer.length), axis]), data.shape[axis] ?? 0),
    );
    const start = tuple.filter((index) => index !== undefined);
    return start.length === depth ? elementAt(data, [...start, ...place.slice(outer.length)]) : undefined;
  });
}

/** Slices of `data` along `axis`; negative indices count from the end, and one outside leaves the whole unknown. */
export function gatherValue(data: KnownTensor, indices: KnownTensor, axis: number): Dimension[] | undefined {
  const along = normalizeAxis(axis, data.shape.length);
  const depth = indices.shape.length;
  return fill([...data.shape.slice(0, along), ...indices.shape, ...data.shape.slice(along + 1)], (place) => {
    const index = validIndex(elementAt(indices, place.slice(along, along + depth)), data.shape[along] ?? 0);
    if (index === undefined) return undefined;
    return elementAt(data, [...place.slice(0, along), index, ...place.slice(along + depth)]);
  });
}

/** One element of `data` for each index, which replaces the place along `axis`. */
export function gatherElementsValue(data: KnownTensor, indices: KnownTensor, axis: number): Dimension[] | undefined {
  const along = normalizeAxis(axis, data.shape.length);
  return fill(indices.shape, (place) => {
    const index = validIndex(elementAt(indices, place), data.shape[along] ?? 0);
    return index === undefined ? undefined : elementAt(data, place.with(along, index));
  });
}

/** Constant padding; negative pads crop. */
export function padValue(
  tensor: KnownTensor,
  before: readonly number[],
  after: readonly number[],
  padding: Dimension,
): Dimension[] | undefined {
  const shape = tensor.shape.map((size, axis) => size + (before[axis] ?? 0) + (after[axis] ?? 0));
  return fill(shape, (place) => {
    const source = place.map((at, axis) => at - (before[axis] ?? 0));
    return source.every((at, axis) => at >= 0 && at < (tensor.shape[axis] ?? 0)) ? elementAt(tensor, source) : padding;
  });
}

export function tileValue(tensor: KnownTensor, repeats: readonly number[]): Dimension[] | undefined {
  return fill(
    tensor.shape.map((size, axis) => size * (repeats[axis] ?? 1)),
    (place) =>
      elementAt(
        tensor,
        place.map((at, axis) => at % (tensor.shape[axis] ?? 1)),
      ),
  );
}

/** Stretched by broadcasting to `shape`. */
export function expandValue(tensor: KnownTensor, shape: readonly number[]): Dimension[] | undefined {
  return fill(shape, (place) => broadcastElement(tensor, place));
}

function elementAt(tensor: KnownTensor, place: readonly number[]): Dimension | undefined {
  return tensor.value[positionOf(place, tensor.shape)];
}

function validIndex(index: Dimension | undefined, size: number): number | undefined {
  if (typeof index !== "number" || index < -size || index >= size) return undefined;
  return index < 0 ? index + size : index;
}
