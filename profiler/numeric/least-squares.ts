import { CholeskyDecomposition, Matrix as DenseMatrix } from "ml-matrix";
import { BlockCholesky } from "./block-cholesky.ts";
import { matrix, transposed, type Matrix } from "./matrix.ts";
import type { Products } from "./products.ts";

/** Added to the diagonal, as a share of its mean, until the equations can be solved: inputs are often nearly dependent. */
const RIDGES = [1e-7, 1e-5, 1e-3, 1e-1] as const;

/** Equations that are solved in JavaScript, in float64: a tenth of a second. More go block by block through the runtime. */
const SMALL = 384;

/**
 * w with gram · w = moments, where `gram` is symmetric and not negative.
 * @param gram size × size, row-major
 * @param moments size × targets, row-major
 * @param leastRidge share of the diagonal's mean that is added in any case
 */
export async function solveNormalEquations(
  size: number,
  gram: ArrayLike<number>,
  targets: number,
  moments: ArrayLike<number>,
  products: Products,
  leastRidge: number = RIDGES[0],
): Promise<Matrix> {
  const left = symmetric(size, gram);
  const mean = traceOf(size, left) / size;
  if (mean === 0) return matrix(size, targets);
  for (const ridge of [leastRidge, ...RIDGES.filter((more) => more > leastRidge)]) {
    const solved = await (size <= SMALL
      ? solvedAtOnce(size, left, ridge * mean, targets, moments)
      : solvedByBlocks(size, left, ridge * mean, targets, moments, products));
    if (solved) return solved;
  }
  throw new RangeError("the normal equations have no solution: an input is not a number");
}

/**
 * The shares in which rows of a map make up wanted rows best: shares · map ≈ wanted, the smallest shares where many do. Solved on the
 * map's shorter side.
 * @param map features × elements
 * @param wanted targets × elements
 * @returns targets × features
 */
export async function combinationOf(map: Matrix, wanted: Matrix, products: Products): Promise<Matrix> {
  const targets = wanted.rows;
  if (map.rows <= map.columns) {
    const gram = await products.multiply(map, map, { transposeB: true });
    const moments = await products.multiply(map, wanted, { transposeB: true });
    return transposed(await solveNormalEquations(map.rows, gram.data, targets, moments.data, products));
  }
  // shares = wanted · (mapᵀ · map)⁻¹ · mapᵀ
  const gram = await products.multiply(map, map, { transposeA: true });
  const solved = await solveNormalEquations(map.columns, gram.data, targets, transposed(wanted).data, products);
  return products.multiply(solved, map, { transposeA: true, transposeB: true });
}

/** @returns undefined when the equations cannot be solved with this ridge */
function solvedAtOnce(
  size: number,
  left: Float64Array,
  ridge: number,
  targets: number,
  moments: ArrayLike<number>,
): Matrix | undefined {
  const regularised = DenseMatrix.from1DArray(size, size, left);
  for (let index = 0; index < size; index++) regularised.set(index, index, regularised.get(index, index) + ridge);
  const cholesky = new CholeskyDecomposition(regularised);
  if (!cholesky.isPositiveDefinite()) return undefined;
  const right = DenseMatrix.from1DArray(size, targets, moments);
  return matrix(size, targets, Float32Array.from(cholesky.solve(right).to1DArray()));
}

async function solvedByBlocks(
  size: number,
  left: Float64Array,
  ridge: number,
  targets: number,
  moments: ArrayLike<number>,
  products: Products,
): Promise<Matrix | undefined> {
  const cholesky = await BlockCholesky.of(size, left, ridge, products);
  return cholesky?.solve(matrix(size, targets, Float32Array.from(moments)));
}

/** A product of three matrices is symmetric up to rounding only. */
function symmetric(size: number, gram: ArrayLike<number>): Float64Array {
  const result = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      const mean = ((gram[row * size + column] ?? 0) + (gram[column * size + row] ?? 0)) / 2;
      result[row * size + column] = mean;
      result[column * size + row] = mean;
    }
  }
  return result;
}

function traceOf(size: number, elements: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < size; index++) sum += elements[index * size + index] ?? 0;
  return sum;
}
