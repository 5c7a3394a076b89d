import { indicesOf } from "../../../compression/palette.ts";
import type { UniformGrid } from "../../../compression/rounding.ts";
import { levelsOf } from "../../../compression/scales.ts";
import type { Matrix } from "../../../numeric/matrix.ts";
import type { NeutralGraph } from "../../../neutral/neutral-graph.ts";
import { storedLength } from "../../../neutral/packed-bits.ts";
import { sparseGaps } from "../../../neutral/sparse-gaps.ts";
import type { AffineCoding, PaletteCoding, SparseCoding, WeightCoding } from "../../../neutral/weight-coding.ts";

const UNKNOWN = (): Promise<never> => Promise.reject(new Error("these weights are only planned"));

/** How weights of so many bits are stored; without numbers, which `affineCoding` adds. */
export function plannedAffine(bits: number, blockSize: number | undefined, hasZeroPoints: boolean): AffineCoding {
  const zeroPoint = bits === 1 ? 0.5 : 2 ** (bits - 1);
  return {
    kind: "affine",
    bits,
    hasZeroPoints,
    zeroPoint,
    ...(blockSize !== undefined && { blockSize }),
    numbers: UNKNOWN,
  };
}

/** @param grid of levels in two's complement */
export function affineCoding(planned: AffineCoding, weights: Matrix, grid: UniformGrid): AffineCoding {
  const numbersOf: AffineCoding["numbers"] = () => {
    const levels = new Uint8Array(levelsOf(weights, grid).map((level) => level - grid.lowest));
    const zeroPoints = planned.hasZeroPoints ? grid.zeroPoints.map((zero) => zero - grid.lowest) : new Float32Array(0);
    return Promise.resolve({ levels, scales: grid.scales, zeroPoints });
  };
  // Asked for at each writing: once for the check, once for the file.
  let known: ReturnType<typeof numbersOf> | undefined;
  return { ...planned, zeroPoint: -grid.lowest, numbers: () => (known ??= numbersOf()) };
}

/** ±magnitude: scale · (level − ½) with twice the magnitude as the scale. */
export function binaryCoding(weights: Matrix, magnitudes: Float32Array): AffineCoding {
  const numbers: AffineCoding["numbers"] = () =>
    Promise.resolve({
      levels: new Uint8Array(weights.data.map((value) => (value < 0 ? 0 : 1))),
      scales: magnitudes.map((magnitude) => 2 * magnitude),
      zeroPoints: new Float32Array(0),
    });
  return { ...plannedAffine(1, undefined, false), numbers };
}

export function plannedPalette(bits: number): PaletteCoding {
  return { kind: "palette", bits, numbers: UNKNOWN };
}

/** @param codebook ascending, of 2^bits values */
export function paletteCoding(bits: number, weights: Matrix, codebook: Float32Array): PaletteCoding {
  return { kind: "palette", bits, numbers: () => Promise.resolve({ indices: indicesOf(weights, codebook), codebook }) };
}

/**
 * Pruned weights in the form that takes the least: those that are left with their places, or all of them. In files that decode weights by
 * operators that is told here; others, whose channels come last, choose between sparse and all by their own tables of places when they write.
 * @param codebook of 2^bits − 1 values or fewer, without the zero; undefined for floats
 * @returns undefined where plain floats take the least
 */
export function prunedCoding(
  weights: Matrix,
  palette: { readonly bits: number; readonly codebook: Float32Array } | undefined,
  layout: NeutralGraph["layout"],
): WeightCoding | undefined {
  const places = Uint32Array.from(weights.data.keys()).filter((at) => weights.data[at] !== 0);
  const valueBits = palette?.bits ?? 32;
  const { gapBits, gaps } = sparseGaps(places, valueBits);
  const bytesOf = (count: number): number => (palette ? storedLength(valueBits, count) : 4 * count);
  const sparseBytes = storedLength(gapBits, gaps.length) + bytesOf(gaps.length);
  const codebook = palette ? withZero(palette.codebook, 2 ** palette.bits) : new Float32Array(0);
  if (layout === "channels-first" && sparseBytes >= bytesOf(weights.data.length))
    return palette ? paletteCoding(palette.bits, weights, codebook) : undefined;
  const values = Float32Array.from(places, (at) => weights.data[at] ?? 0);
  const numbers: SparseCoding["numbers"] = () => Promise.resolve({ places, values, codebook });
  return { kind: "sparse", ...(palette && { paletteBits: palette.bits }), numbers };
}

/** Ascending, filled up with its last value. */
export function withZero(codebook: Float32Array, size: number): Float32Array {
  const values = [...new Set([...codebook, 0])].sort((a, b) => a - b);
  return Float32Array.from({ length: size }, (_, at) => values[at] ?? values.at(-1) ?? 0);
}
