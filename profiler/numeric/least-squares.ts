import { CholeskyDecomposition, Matrix as DenseMatrix } from "ml-matrix";
import type { Matrix } from "./matrix.ts";
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
    const gram = DenseMatrix.from1DArray(this.inputs, this.inputs, this.#gram);
    const moments = DenseMatrix.from1DArray(this.inputs, this.targets, this.#moments);
    const mean = gram.trace() / this.inputs;
    if (mean === 0)
      return { rows: this.inputs, columns: this.targets, data: new Float32Array(this.inputs * this.targets) };
    for (const ridge of RIDGES) {
      const regularised = gram.clone();
      for (let index = 0; index < this.inputs; index++)
        regularised.set(index, index, gram.get(index, index) + ridge * mean);
      const cholesky = new CholeskyDecomposition(regularised);
      if (!cholesky.isPositiveDefinite()) continue;
      const weights = cholesky.solve(moments).to1DArray();
      return { rows: this.inputs, columns: this.targets, data: Float32Array.from(weights) };
    }
    throw new RangeError("the normal equations have no solution: an input is not a number");
  }
}

function accumulate(sums: Float64Array, { data }: Matrix): void {
  for (let index = 0; index < sums.length; index++) sums[index] = (sums[index] ?? 0) + (data[index] ?? 0);
}
