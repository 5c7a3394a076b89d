import { orthonormal, symmetricEigen, toDense } from "./eigen.ts";
import { beside, leadingColumns, matrix, type Matrix } from "./matrix.ts";
import type { Products } from "./products.ts";
import { Random } from "./random.ts";

/** How many directions: a number, or as few as hold a share of the whole energy, 0 to 1. */
export type Extent = number | { readonly share: number };

export interface SearchSettings {
  readonly products: Products;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** Orthonormal directions, about the strongest first. */
export interface Directions {
  /** size × count */
  readonly vectors: Matrix;
  /** What a symmetric matrix holds along each. */
  readonly energies: readonly number[];
}

/** Eigenvalues of a matrix so small are found at once: a tenth of a second. */
const SMALL = 256;

/** Directions that are settled at a time: each block's own decomposition stays below a tenth of a second. */
const BLOCK = 128;

/** Columns that a block has beyond those that are settled: the last ones settle slowest. */
const SPARE = 32;

/** Products with the matrix for each block; spectra of trained weights fall slowly. */
const PASSES = 4;

/** A block that holds less than this share of the strongest direction holds noise of float32. */
const NOISE = 1e-7;

/**
 * The leading eigenvectors of a positive semidefinite matrix, such as a covariance. Large ones block by block, each by randomized
 * subspace iteration on what the blocks before it left (Halko et al., SIAM Review 2011; Yu, Gu, Li: "Efficient Randomized Algorithms
 * for the Fixed-Precision Low-Rank Matrix Approximation", SIAM J. Matrix Anal. Appl. 2018), until there are enough. The energy of the
 * directions together is at least the share that was asked for. The same seed gives the same bits.
 */
export async function leadingDirections(
  spread: Matrix,
  extent: Extent,
  { products, seed = 0, signal }: SearchSettings,
): Promise<Directions> {
  const size = spread.rows;
  const whole = traceOf(spread);
  if (size <= SMALL) {
    const { values, vectors } = symmetricEigen(toDense(spread));
    return cut({ vectors, energies: values }, extent, whole);
  }
  const random = new Random(seed);
  let found: Directions = { vectors: matrix(size, 0), energies: [] };
  while (countOf(found.energies, extent, whole) === undefined && found.vectors.columns < size) {
    signal?.throwIfAborted();
    const width = Math.min(BLOCK + SPARE, size - found.vectors.columns);
    const start = matrix(size, width, random.normals(size * width));
    const { vectors, energies } = await nextBlock(spread, start, found.vectors, { products, signal });
    const settled = Math.min(BLOCK, width);
    found = {
      vectors: beside(found.vectors, leadingColumns(vectors, settled)),
      energies: [...found.energies, ...energies.slice(0, settled)],
    };
    if ((energies[0] ?? 0) <= NOISE * (found.energies[0] ?? 0)) break;
  }
  return cut(found, extent, whole);
}

async function nextBlock(
  spread: Matrix,
  start: Matrix,
  found: Matrix,
  { products, signal }: { readonly products: Products; readonly signal: AbortSignal | undefined },
): Promise<Directions> {
  let basis = start;
  for (let pass = 0; pass < PASSES; pass++) {
    signal?.throwIfAborted();
    basis = await orthonormal(await products.multiply(spread, basis), products, found);
  }
  const core = await products.multiply(basis, await products.multiply(spread, basis), { transposeA: true });
  const { values, vectors } = symmetricEigen(toDense(core));
  return { vectors: await products.multiply(basis, vectors), energies: values };
}

/** How many of the energies are enough; undefined when they are too few. */
export function countOf(energies: readonly number[], extent: Extent, whole: number): number | undefined {
  if (typeof extent === "number") return energies.length >= extent ? extent : undefined;
  let kept = 0;
  const last = energies.findIndex((energy) => (kept += energy) >= extent.share * whole);
  return last < 0 ? undefined : last + 1;
}

function cut({ vectors, energies }: Directions, extent: Extent, whole: number): Directions {
  const wanted = typeof extent === "number" ? extent : energies.length;
  const count = countOf(energies, extent, whole) ?? wanted;
  // A matrix of lower rank than was asked for has no more directions: the others are zero.
  const missing = Math.max(0, count - vectors.columns);
  const all = missing > 0 ? beside(vectors, matrix(vectors.rows, missing)) : vectors;
  return { vectors: leadingColumns(all, count), energies: [...energies, ...zeros(missing)].slice(0, count) };
}

function zeros(count: number): readonly number[] {
  return Array.from({ length: count }, () => 0);
}

function traceOf({ rows, data }: Matrix): number {
  let sum = 0;
  for (let index = 0; index < rows; index++) sum += data[index * rows + index] ?? 0;
  return sum;
}
