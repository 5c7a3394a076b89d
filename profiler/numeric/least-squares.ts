import { CholeskyDecomposition, Matrix as DenseMatrix } from "ml-matrix";
import { matrix, type Matrix } from "./matrix.ts";
import type { Products } from "./products.ts";

/** Added to the diagonal, as a share of its mean, until the equations can be solved: inputs are often nearly dependent. */
const RIDGES = [1e-7, 1e-5, 1e-3, 1e-1] as const;

/**
 * Least squares over more samples than memory holds: minimises ‖inputs · w − targets‖² by its normal equations, which are summed in
 * one pass over batches of samples.
 */
export class LeastSquares {
  readonly #gram: Float64Array;
  readonly #moments: Float64Array;
  #samples = 0;

  constructor(
    readonly inputs: number,
    readonly targets: number,
    private readonly products: Products,
  ) {
    this.#gram = new Float64Array(inputs * inputs);
    this.#moments = new Float64Array(inputs * targets);
  }

  /** Samples seen so far. */
  get samples(): number {
    return this.#samples;
  }

  /** Adds a batch: samples × inputs and samples × targets. */
  async add(inputs: Matrix, targets: Matrix): Promise<void> {
    if (inputs.columns !== this.inputs || targets.columns !== this.targets || inputs.rows !== targets.rows) {
      throw new RangeError(
        `a batch of ${inputs.rows}×${inputs.columns} and ${targets.rows}×${targets.columns} does not fit`,
      );
    }
    accumulate(this.#gram, await this.products.multiply(inputs, inputs, { transposeA: true }));
    accumulate(this.#moments, await this.products.multiply(inputs, targets, { transposeA: true }));
    this.#samples += inputs.rows;
  }

  /** inputs × targets weights. Nearly dependent inputs get the smallest ridge with which the equations can be solved. */
  solve(): Matrix {
    return solveNormalEquations(this.inputs, this.#gram, this.targets, this.#moments);
  }
}

/**
 * w with gram · w = moments, where `gram` is symmetric and not negative.
 * @param gram size × size, row-major
 * @param moments size × targets, row-major
 */
export function solveNormalEquations(
  size: number,
  gram: ArrayLike<number>,
  targets: number,
  moments: ArrayLike<number>,
): Matrix {
  const left = symmetric(size, gram);
  const right = DenseMatrix.from1DArray(size, targets, moments);
  const mean = left.trace() / size;
  if (mean === 0) return matrix(size, targets);
  for (const ridge of RIDGES) {
    const regularised = left.clone();
    for (let index = 0; index < size; index++) regularised.set(index, index, left.get(index, index) + ridge * mean);
    const cholesky = new CholeskyDecomposition(regularised);
    if (cholesky.isPositiveDefinite())
      return matrix(size, targets, Float32Array.from(cholesky.solve(right).to1DArray()));
  }
  throw new RangeError("the normal equations have no solution: an input is not a number");
}

/** A product of three matrices is symmetric up to rounding only. */
function symmetric(size: number, gram: ArrayLike<number>): DenseMatrix {
  const result = DenseMatrix.zeros(size, size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      const mean = ((gram[row * size + column] ?? 0) + (gram[column * size + row] ?? 0)) / 2;
      result.set(row, column, mean);
      result.set(column, row, mean);
    }
  }
  return result;
}

function accumulate(sums: Float64Array, { data }: Matrix): void {
  for (let index = 0; index < sums.length; index++) sums[index] = (sums[index] ?? 0) + (data[index] ?? 0);
}
