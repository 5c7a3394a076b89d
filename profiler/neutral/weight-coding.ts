/**
 * How a file is to hold weights that it decodes itself: as rows × columns, a row an output, or element by element. Sizes follow from the kind alone; the
 * numbers are computed when they are asked for.
 */
export type WeightCoding = Float16Coding | AffineCoding | IntegerCoding | PaletteCoding | SparseCoding | ProductCoding;

/** 8-bit integers by the scheme of the weights, which a product of float activations reads as they are: nothing decodes them before. */
export interface ProductCoding {
  readonly kind: "product";
}

export interface Float16Coding {
  readonly kind: "float16";
}

/** scale · (level − zero point), levels from 0 to 2^bits − 1. */
export interface AffineCoding {
  readonly kind: "affine";
  readonly bits: number;
  /** Columns that share a scale; all of a row's without. */
  readonly blockSize?: number;
  /** Every row and block has a zero point of its own; otherwise all have `zeroPoint`. */
  readonly hasZeroPoints: boolean;
  /** A product of float activations reads the levels as they are, where the layer computes in float32: nothing decodes them before. */
  readonly isOfProducts?: true;
  /** Axis of the weights that has the outputs, of which each is a row; the first without. */
  readonly rowAxis?: number;
  /** 2^(bits − 1) for levels of two's complement; ½ for one bit, which is a sign. */
  readonly zeroPoint: number;
  /** @throws {Error} in a prediction */
  numbers(): Promise<AffineNumbers>;
}

/** Integers that are computed with as such, by the scheme of the weights, and stored in fewer bits: level − 2^(bits − 1). */
export interface IntegerCoding {
  readonly kind: "integers";
  readonly bits: number;
  /** rows × columns, from 0 to 2^bits − 1. @throws {Error} in a prediction */
  levels(): Promise<Uint8Array>;
}

export interface AffineNumbers {
  /** rows × columns */
  readonly levels: Uint8Array;
  /** rows × blocks */
  readonly scales: Float32Array;
  /** rows × blocks; empty where all have the same. */
  readonly zeroPoints: Float32Array;
}

/** Each weight one of 2^bits values that all share. */
export interface PaletteCoding {
  readonly kind: "palette";
  readonly bits: number;
  /** @throws {Error} in a prediction */
  numbers(): Promise<PaletteNumbers>;
}

export interface PaletteNumbers {
  /** One for each element. */
  readonly indices: Uint8Array;
  /** 2^bits */
  readonly codebook: Float32Array;
}

/** Only weights that are not zero, with their places. How many there are only the numbers tell: no size can be predicted. */
export interface SparseCoding {
  readonly kind: "sparse";
  /** Bits of a palette that the stored ones share; undefined: floats. */
  readonly paletteBits?: number;
  /** @throws {Error} in a prediction */
  numbers(): Promise<SparseNumbers>;
}

export interface SparseNumbers {
  /** Of the stored ones, row-major, rising. */
  readonly places: Uint32Array;
  /** Of the stored ones. */
  readonly values: Float32Array;
  /** 2^bits, one of them zero; empty without a palette. */
  readonly codebook: Float32Array;
}
