import { ModelFormatError } from "../errors.ts";
import { readConstant } from "../model/constant-values.ts";
import type { Constant, Quantization } from "../model/model.ts";
import { elementsOf } from "../model/shape.ts";
import type { WeightCoding } from "./weight-coding.ts";
import type { Weights } from "./weights.ts";

/** A constant of the file as weights, in the file's own layout. */
export function storedWeights(constant: Constant, quantization?: Quantization): Weights {
  return {
    shape: constant.shape,
    dataType: constant.dataType,
    ...(quantization && { quantization }),
    ...(constant.isSparse ? { storedBytes: constant.storedBytes, isStoredSparse: true } : { constant }),
    read: async () => {
      const stored = await readFloats(constant);
      return quantization ? dequantized(stored, constant.shape, quantization) : stored;
    },
  };
}

/**
 * The same elements with their axes in another order: axis `i` of the result is axis `permutation[i]` of the weights. Quantization
 * that follows an axis goes with it.
 */
export function permutedWeights(weights: Weights, permutation: readonly number[]): Weights {
  const { quantization, dataType, shape, coding } = weights;
  const { origin } = weights;
  return {
    origin: origin
      ? { weights: origin.weights, permutation: permutation.map((axis) => origin.permutation[axis] ?? axis) }
      : { weights, permutation },
    ...(coding && { coding: permutedCoding(coding, shape, permutation) }),
    shape: permutation.map((axis) => shape[axis] ?? 1),
    dataType,
    ...(quantization && { quantization: movedAxis(quantization, permutation) }),
    read: async () => permuted(await weights.read(), shape, permutation),
  };
}

/** Places and indices stand in the order of the elements; rows of levels stay outputs, whichever axis these are. */
function permutedCoding(coding: WeightCoding, shape: readonly number[], permutation: readonly number[]): WeightCoding {
  switch (coding.kind) {
    case "float16":
    case "integers":
    case "product":
      return coding;
    case "affine":
      return { ...coding, rowAxis: permutation.indexOf(coding.rowAxis ?? 0) };
    case "palette": {
      const numbers: typeof coding.numbers = async () => {
        const { indices, codebook } = await coding.numbers();
        return { indices: Uint8Array.from(permuted(Float32Array.from(indices), shape, permutation)), codebook };
      };
      return { ...coding, numbers };
    }
    case "sparse": {
      const numbers: typeof coding.numbers = async () => {
        const { places, values, codebook } = await coding.numbers();
        const all = new Float32Array(shape.reduce((product, size) => product * size, 1));
        places.forEach((place, at) => (all[place] = values[at] ?? 0));
        const moved = permuted(all, shape, permutation);
        const kept = Uint32Array.from(moved.keys()).filter((at) => moved[at] !== 0);
        return { places: kept, values: Float32Array.from(kept, (at) => moved[at] ?? 0), codebook };
      };
      return { ...coding, numbers };
    }
  }
}

/** @param elements row-major, of that shape */
export function permuted(
  elements: Float32Array,
  shape: readonly number[],
  permutation: readonly number[],
): Float32Array {
  const strides = stridesOf(shape);
  const sizes = permutation.map((axis) => shape[axis] ?? 1);
  const steps = permutation.map((axis) => strides[axis] ?? 1);
  const result = new Float32Array(elements.length);
  const index = sizes.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to += 1) {
    result[to] = elements[from] ?? 0;
    // Counts up the index like an odometer, the last axis fastest.
    for (let axis = sizes.length - 1; axis >= 0; axis -= 1) {
      const next = (index[axis] ?? 0) + 1;
      const size = sizes[axis] ?? 1;
      from += steps[axis] ?? 0;
      index[axis] = next % size;
      if (next < size) break;
      from -= size * (steps[axis] ?? 0);
    }
  }
  return result;
}

/** Elements between neighbours along each axis of a row-major tensor. */
export function stridesOf(shape: readonly number[]): readonly number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const size of shape.toReversed()) {
    strides.unshift(stride);
    stride *= size;
  }
  return strides;
}

/** Float32 elements come as they are: a large weight is not held twice. */
async function readFloats(constant: Constant): Promise<Float32Array> {
  const { storage, dataType, shape } = constant;
  const length = 4 * (elementsOf(shape) ?? 0);
  if (storage.kind === "range" && storage.encoding === "raw" && dataType === "float32" && storage.length === length) {
    const bytes = await storage.source.read(storage.offset, length);
    const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
    return new Float32Array(buffer, byteOffset, length / 4);
  }
  const values = await readConstant(constant);
  if (values === undefined) throw new ModelFormatError("a constant", dataType, "expected elements that can be read");
  return Float32Array.from(values);
}

/** Real numbers that stored ones stand for by a scheme. @throws {ModelFormatError} for one of blocks */
export function dequantized(
  stored: Float32Array,
  shape: readonly number[],
  { scales, zeroPoints, axis = 0, granularity }: Quantization,
): Float32Array {
  if (granularity === "block") throw new ModelFormatError("a constant", "its quantization", "expected no blocks here");
  return dequantizedElements(stored, shape, { axis: granularity === "channel" ? axis : undefined, scales, zeroPoints });
}

interface Scheme {
  /** undefined: one scale for all. */
  readonly axis: number | undefined;
  readonly scales: ArrayLike<number>;
  readonly zeroPoints: ArrayLike<number>;
}

/** scale × (stored − zero point). @param stored row-major, of that shape */
export function dequantizedElements(
  stored: Float32Array,
  shape: readonly number[],
  { axis, scales, zeroPoints }: Scheme,
): Float32Array {
  const stride = axis === undefined ? 1 : (stridesOf(shape)[axis] ?? 1);
  const size = axis === undefined ? 1 : (shape[axis] ?? 1);
  return stored.map((value, index) => {
    const channel = axis === undefined ? 0 : Math.floor(index / stride) % size;
    return (value - (zeroPoints[channel] ?? zeroPoints[0] ?? 0)) * (scales[channel] ?? scales[0] ?? 1);
  });
}

function movedAxis(quantization: Quantization, permutation: readonly number[]): Quantization {
  const { axis } = quantization;
  return axis === undefined ? quantization : { ...quantization, axis: permutation.indexOf(axis) };
}
