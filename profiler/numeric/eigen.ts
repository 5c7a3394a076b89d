import { EigenvalueDecomposition, Matrix as DenseMatrix } from "ml-matrix";
import { matrix, scaledColumns, type Matrix } from "./matrix.ts";
import type { Products } from "./products.ts";

/** Eigenvalues, largest first, with their orthonormal vectors as columns. */
export interface Eigen {
  readonly values: readonly number[];
  readonly vectors: Matrix;
}

/** Of a small symmetric matrix, whole. */
export function symmetricEigen(symmetric: DenseMatrix): Eigen {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  const order = realEigenvalues
    .map((_, index) => index)
    .sort((a, b) => (realEigenvalues[b] ?? 0) - (realEigenvalues[a] ?? 0));
  return {
    values: order.map((index) => realEigenvalues[index] ?? 0),
    vectors: fromDense(eigenvectorMatrix.subMatrixColumn(order)),
  };
}

/** Directions whose share of the strongest is below this are noise of float32 and left out of a basis. */
const NOISE = 1e-6;

/**
 * An orthonormal basis of a thin matrix's columns from its small Gram matrix, twice over for full accuracy (SVQB: Stathopoulos and
 * Wu, SIAM J. Sci. Comput. 2002). Directions that the matrix does not have come out as zero columns.
 * @param against orthonormal columns of which the basis is to hold nothing
 */
export async function orthonormal(thin: Matrix, products: Products, against?: Matrix): Promise<Matrix> {
  let basis = thin;
  for (let pass = 0; pass < 2; pass++) {
    if (against && against.columns > 0) basis = await deflated(basis, against, products);
    const gram = await products.multiply(basis, basis, { transposeA: true });
    const { values, vectors } = symmetricEigen(toDense(gram));
    const strongest = values[0] ?? 0;
    const factors = values.map((value) => (value > strongest * NOISE ** 2 ? 1 / Math.sqrt(value) : 0));
    basis = await products.multiply(basis, scaledColumns(vectors, factors));
  }
  return basis;
}

async function deflated(basis: Matrix, against: Matrix, products: Products): Promise<Matrix> {
  const shares = await products.multiply(against, basis, { transposeA: true });
  const { data } = await products.multiply(against, shares);
  return { ...basis, data: basis.data.map((value, index) => value - (data[index] ?? 0)) };
}

export function toDense({ rows, columns, data }: Matrix): DenseMatrix {
  return DenseMatrix.from1DArray(rows, columns, data);
}

export function fromDense(dense: DenseMatrix): Matrix {
  return matrix(dense.rows, dense.columns, Float32Array.from(dense.to1DArray()));
}
