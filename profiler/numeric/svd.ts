import { EigenvalueDecomposition, Matrix as DenseMatrix, SingularValueDecomposition } from "ml-matrix";
import { leadingColumns, matrix, scaledColumns, type Matrix } from "./matrix.ts";
import type { Products } from "./products.ts";
import { Random } from "./random.ts";

/** a ≈ u · diag(s) · vᵀ, the largest singular values first. */
export interface Svd {
  /** rows × rank, orthonormal columns. */
  readonly u: Matrix;
  readonly s: Float64Array;
  /** columns × rank, orthonormal columns. */
  readonly v: Matrix;
}

export interface SvdOptions {
  readonly products: Products;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** Multiplications that an exact decomposition may take in JavaScript: about two seconds. Larger matrices are sketched. */
const EXACT_WORK = 2e8;

/** Columns that a sketch has beyond the rank: Halko et al. recommend 5 to 10. */
const OVERSAMPLING = 10;

/** Passes over the matrix that sharpen a sketch; two settle spectra that fall as slowly as those of trained weights. */
const POWER_ITERATIONS = 2;

/**
 * The best approximation of a given rank. Small matrices exactly; large ones by randomized subspace iteration (Halko, Martinsson,
 * Tropp: "Finding Structure with Randomness", SIAM Review 2011, algorithm 4.4), whose work is `2 · (2 · iterations + 2)` products with
 * a thin matrix. The same seed gives the same bits.
 */
export async function truncatedSvd(a: Matrix, rank: number, options: SvdOptions): Promise<Svd> {
  const most = Math.min(a.rows, a.columns);
  if (!Number.isInteger(rank) || rank < 1 || rank > most) throw new RangeError(`rank ${rank} is not in 1…${most}`);
  return a.rows * a.columns * most <= EXACT_WORK ? exactSvd(a, rank) : sketchedSvd(a, rank, options);
}

function exactSvd(a: Matrix, rank: number): Svd {
  const dense = DenseMatrix.from1DArray(a.rows, a.columns, a.data);
  const svd = new SingularValueDecomposition(dense, { autoTranspose: true });
  return {
    u: leadingColumns(fromDense(svd.leftSingularVectors), rank),
    s: Float64Array.from(svd.diagonal.slice(0, rank)),
    v: leadingColumns(fromDense(svd.rightSingularVectors), rank),
  };
}

async function sketchedSvd(a: Matrix, rank: number, { products, seed = 0, signal }: SvdOptions): Promise<Svd> {
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
  const left = leadingColumns(fromDense(vectors), rank);
  const u = await products.multiply(basis, left);
  const v = await products.multiply(core, scaledColumns(left, s.map(inverse)), { transposeA: true });
  return { u, s, v };
}

/** Directions whose share of the strongest is below this are noise of float32 and left out of a basis. */
const NOISE = 1e-6;

/**
 * An orthonormal basis of a thin matrix's columns from its small Gram matrix, twice over for full accuracy (SVQB: Stathopoulos and
 * Wu, SIAM J. Sci. Comput. 2002). Directions that the matrix does not have come out as zero columns.
 */
async function orthonormal(thin: Matrix, products: Products): Promise<Matrix> {
  let basis = thin;
  for (let pass = 0; pass < 2; pass++) {
    const gram = await products.multiply(basis, basis, { transposeA: true });
    const { values, vectors } = symmetricEigen(DenseMatrix.from1DArray(gram.rows, gram.columns, gram.data));
    const strongest = values[0] ?? 0;
    const factors = values.map((value) => (value > strongest * NOISE ** 2 ? 1 / Math.sqrt(value) : 0));
    basis = await products.multiply(basis, scaledColumns(fromDense(vectors), factors));
  }
  return basis;
}

/** Eigenvalues, largest first, with their vectors as columns. */
function symmetricEigen(symmetric: DenseMatrix): { readonly values: readonly number[]; readonly vectors: DenseMatrix } {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  const order = realEigenvalues
    .map((_, index) => index)
    .sort((a, b) => (realEigenvalues[b] ?? 0) - (realEigenvalues[a] ?? 0));
  return {
    values: order.map((index) => realEigenvalues[index] ?? 0),
    vectors: eigenvectorMatrix.subMatrixColumn(order),
  };
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

function fromDense(dense: DenseMatrix): Matrix {
  return matrix(dense.rows, dense.columns, Float32Array.from(dense.to1DArray()));
}

function inverse(value: number): number {
  return value > 0 ? 1 / value : 0;
}
