import { Matrix as DenseMatrix } from "ml-matrix";
import { countOf, leadingDirections, type Extent, type SearchSettings } from "./directions.ts";
import { fromDense, orthonormal, symmetricEigen, toDense } from "./eigen.ts";
import { leadingColumns, matrix, rowsOf, scaledColumns, transposed, type Matrix } from "./matrix.ts";
import { Random } from "./random.ts";

/** a ≈ u · diag(s) · vᵀ, the largest singular values first. */
export interface Svd {
  /** rows × rank, orthonormal columns. */
  readonly u: Matrix;
  readonly s: Float64Array;
  /** columns × rank, orthonormal columns. */
  readonly v: Matrix;
}

/** Multiplications that an exact decomposition may take in JavaScript: about a tenth of a second. */
const EXACT_WORK = 4e6;

/** Columns that a sketch has beyond the rank: Halko et al. recommend 5 to 10. */
const OVERSAMPLING = 10;

/** Passes over the matrix that sharpen a sketch; two settle spectra that fall as slowly as those of trained weights. */
const POWER_ITERATIONS = 2;

/** The decompositions of a wider sketch's Gram matrices take seconds each: then block by block. */
const WIDEST_SKETCH = 256;

/** A sketch of more than this part of all directions takes longer than blocks of the Gram matrix do. */
const SKETCHED_PART = 1 / 8;

/**
 * The best approximation of a given rank, or the one of least rank that keeps a share of the energy, Σs². Small matrices exactly; large
 * ones of low rank by randomized subspace iteration (Halko, Martinsson, Tropp: "Finding Structure with Randomness", SIAM Review 2011,
 * algorithm 4.4), whose work is `2 · (2 · iterations + 2)` products with a thin matrix; others by the directions of the shorter side's
 * Gram matrix, which come block by block. The same seed gives the same bits.
 * @throws {RangeError} for a rank that the matrix cannot have
 */
export async function truncatedSvd(a: Matrix, extent: Extent, options: SearchSettings): Promise<Svd> {
  const most = Math.min(a.rows, a.columns);
  if (typeof extent === "number" && (!Number.isInteger(extent) || extent < 1 || extent > most))
    throw new RangeError(`rank ${extent} is not in 1…${most}`);
  if (a.rows * a.columns * most <= EXACT_WORK) return exactSvd(a, extent);
  const isLow = typeof extent === "number" && extent <= Math.min(WIDEST_SKETCH, SKETCHED_PART * most);
  if (isLow) return sketchedSvd(a, extent, options);
  if (a.rows <= a.columns) return svdByRows(a, extent, options);
  const { u, s, v } = await svdByRows(transposed(a), extent, options);
  return { u: v, s, v: u };
}

/**
 * By the Gram matrix of the shorter side, in float64: what its squares lose of small singular values is less than float32 holds of the
 * matrix. (Golub and Kahan's iteration in ml-matrix does not end for a matrix whose elements are all the same.)
 */
function exactSvd(a: Matrix, extent: Extent): Svd {
  if (a.rows > a.columns) {
    const { u, s, v } = exactSvd(transposed(a), extent);
    return { u: v, s, v: u };
  }
  const { values, vectors } = symmetricEigen(gramOfRows(a));
  const energies = values.map((value) => Math.max(value, 0));
  const whole = energies.reduce((sum, energy) => sum + energy, 0);
  const u = leadingColumns(vectors, countOf(energies, extent, whole) ?? energies.length);
  const projected = fromDense(toDense(a).transpose().mmul(toDense(u)));
  const s = columnNorms(projected);
  return { u, s, v: scaledColumns(projected, s.map(inverse)) };
}

async function sketchedSvd(a: Matrix, rank: number, { products, seed = 0, signal }: SearchSettings): Promise<Svd> {
  const width = Math.min(rank + OVERSAMPLING, a.rows, a.columns);
  const sketch = matrix(a.columns, width, new Random(seed).normals(a.columns * width));
  let basis = await orthonormal(await products.multiply(a, sketch), products);
  for (let iteration = 0; iteration < POWER_ITERATIONS; iteration++) {
    signal?.throwIfAborted();
    const rightBasis = await orthonormal(await products.multiply(a, basis, { transposeA: true }), products);
    signal?.throwIfAborted();
    basis = await orthonormal(await products.multiply(a, rightBasis), products);
  }
  signal?.throwIfAborted();
  // a ≈ basis · core, and core's small Gram matrix has its left singular vectors.
  const core = await products.multiply(basis, a, { transposeA: true });
  const { values, vectors } = symmetricEigen(gramOfRows(core));
  const s = Float64Array.from(values.slice(0, rank), (value) => Math.sqrt(Math.max(value, 0)));
  const left = leadingColumns(vectors, rank);
  const u = await products.multiply(basis, left);
  const v = await products.multiply(core, scaledColumns(left, s.map(inverse)), { transposeA: true });
  return { u, s, v };
}

/** Of a matrix that is no longer than wide. */
async function svdByRows(a: Matrix, extent: Extent, options: SearchSettings): Promise<Svd> {
  const { products, signal } = options;
  const gram = await gramInParts(a, options);
  const { vectors: u } = await leadingDirections(gram, extent, options);
  signal?.throwIfAborted();
  const projected = await products.multiply(a, u, { transposeA: true });
  const s = columnNorms(projected);
  return { u, s, v: scaledColumns(projected, s.map(inverse)) };
}

/** Rows of a product that nothing interrupts: two seconds for 25,088 columns and as many rows as FC6 of VGG has. */
const ROWS_AT_ONCE = 512;

/** rows × rows */
async function gramInParts(a: Matrix, { products, signal }: SearchSettings): Promise<Matrix> {
  const gram = matrix(a.rows, a.rows);
  for (let from = 0; from < a.rows; from += ROWS_AT_ONCE) {
    signal?.throwIfAborted();
    const part = rowsOf(a, from, Math.min(ROWS_AT_ONCE, a.rows - from));
    gram.data.set((await products.multiply(part, a, { transposeB: true })).data, from * a.rows);
  }
  return gram;
}

function columnNorms({ columns, data }: Matrix): Float64Array {
  const squares = new Float64Array(columns);
  for (let index = 0; index < data.length; index++)
    squares[index % columns] = (squares[index % columns] ?? 0) + (data[index] ?? 0) ** 2;
  return squares.map(Math.sqrt);
}

/** rows × rows, summed in float64: small singular values would drown in float32. */
function gramOfRows({ rows, columns, data }: Matrix): DenseMatrix {
  const gram = DenseMatrix.zeros(rows, rows);
  for (let i = 0; i < rows; i++) {
    for (let j = i; j < rows; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += (data[i * columns + k] ?? 0) * (data[j * columns + k] ?? 0);
      gram.set(i, j, sum);
      gram.set(j, i, sum);
    }
  }
  return gram;
}

function inverse(value: number): number {
  return value > 0 ? 1 / value : 0;
}
