import type { DataType } from "../model/data-type.ts";
import type { Constant, Quantization } from "../model/model.ts";
import type { WeightCoding } from "./weight-coding.ts";

/** Numbers of a layer: those of the file, or new ones. The same object means the same numbers. */
export interface Weights {
  /** In the canonical layout of the form that holds them. */
  readonly shape: readonly number[];
  /** How the file stores each element, or is to store it. */
  readonly dataType: DataType;
  /** What they take in the file, where their type and size do not tell: of sparse ones. */
  readonly storedBytes?: number;
  /** The file holds those that are not zero, and where they are. */
  readonly isStoredSparse?: boolean;
  /** Quantized weights: `read` gives real numbers, and lowering quantizes them again by this scheme. */
  readonly quantization?: Quantization;
  /** How the file is to hold them, where it decodes them itself; as `dataType` without. */
  readonly coding?: WeightCoding;
  /** The constant that holds exactly these elements in this order and type: lowering may refer to it instead of copying it. */
  readonly constant?: Constant;
  /** Set where these are other weights, with their axes in another order or under another shape. */
  readonly origin?: WeightOrigin;
  /**
   * The elements, row-major, as real numbers.
   * @throws {Error} when they are planned only: see `plannedWeights`
   */
  read(): Promise<Float32Array>;
}

/** Axis `i` is axis `permutation[i]` of the weights; without any the elements are in the same order. */
export interface WeightOrigin {
  readonly weights: Weights;
  readonly permutation: readonly number[];
}

/** New weights whose numbers are computed when they are asked for. */
export function computedWeights(
  shape: readonly number[],
  compute: () => Promise<Float32Array>,
  dataType: DataType = "float32",
): Weights {
  return { shape, dataType, read: compute };
}

export function newWeights(shape: readonly number[], elements: Float32Array, dataType: DataType = "float32"): Weights {
  return computedWeights(shape, () => Promise.resolve(elements), dataType);
}

/** Weights of which only the size is known: what predictions are made with. */
export function plannedWeights(shape: readonly number[], dataType: DataType = "float32"): Weights {
  return computedWeights(shape, () => Promise.reject(new Error("these weights are only planned")), dataType);
}

/** Weights of the same size that are yet to be computed; none where there are none. */
export function plannedLike(weights: Weights | undefined): Weights | undefined {
  return weights && plannedWeights(weights.shape, weights.dataType);
}

/** The same elements, row-major, under another shape: nothing is read or copied. */
export function reshapedWeights(weights: Weights, shape: readonly number[]): Weights {
  const { constant, quantization, dataType, coding } = weights;
  return {
    origin: { weights, permutation: [] },
    shape,
    dataType,
    ...(coding && { coding }),
    ...(quantization && { quantization }),
    ...(constant && { constant: { ...constant, shape } }),
    read: () => weights.read(),
  };
}
