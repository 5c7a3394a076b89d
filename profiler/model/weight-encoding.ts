import type { Quantization } from "./model.ts";

/**
 * How the stored bits of a weight become the numbers that a layer computes with. Apart from the type it computes in: int8 weights behind
 * a DequantizeLinear are stored in 8 bits and computed with in float.
 */
export type WeightEncoding = DenseEncoding | AffineEncoding | PaletteEncoding | SparseEncoding;

/** One stored number an element. */
export interface DenseEncoding {
  readonly kind: "dense";
}

/** scale × (stored − zero point), a scale for the tensor, for each slice along `axis`, or for each block of `blockSize` along it. */
export interface AffineEncoding extends Pick<Quantization, "granularity" | "axis" | "blockSize"> {
  readonly kind: "affine";
}

/** Each stored element is the place of its number in a list of `entries`. */
export interface PaletteEncoding {
  readonly kind: "palette";
  readonly entries: number;
}

/** Only some elements are stored, with their places; all others are 0. `values`: how those are stored. */
export interface SparseEncoding {
  readonly kind: "sparse";
  readonly values: Exclude<WeightEncoding, SparseEncoding>;
}

export const DENSE: DenseEncoding = { kind: "dense" };

/** A tensor's own quantization as an encoding. */
export function affine({ granularity, axis, blockSize }: Omit<AffineEncoding, "kind">): AffineEncoding {
  return {
    kind: "affine",
    granularity,
    ...(axis !== undefined && { axis }),
    ...(blockSize !== undefined && { blockSize }),
  };
}
