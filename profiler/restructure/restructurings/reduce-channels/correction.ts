import { LeastSquares, solveNormalEquations } from "../../../numeric/least-squares.ts";
import { matrix, transposed, type Matrix } from "../../../numeric/matrix.ts";
import type { Products } from "../../../numeric/products.ts";

/**
 * The smallest change of weights that makes up for what is missing, in the sense of least squares. With more unknowns than samples
 * (dense layers) the samples are held and their own, smaller equations solved: w = Xᵀ·(X·Xᵀ)⁻¹·missing.
 */
export class Correction {
  readonly #sums: LeastSquares;
  /** Until there are as many samples as unknowns. */
  #held: { readonly inputs: Matrix; readonly missing: Matrix }[] | undefined = [];
  #rows = 0;

  constructor(
    private readonly inputs: number,
    private readonly outputs: number,
    private readonly products: Products,
  ) {
    this.#sums = new LeastSquares(inputs, outputs, products);
  }

  /** Adds a batch: samples × inputs and samples × outputs. */
  async add(inputs: Matrix, missing: Matrix): Promise<void> {
    this.#rows += inputs.rows;
    if (this.#held === undefined) return this.#sums.add(inputs, missing);
    this.#held.push({ inputs, missing });
    if (this.#rows <= this.inputs) return;
    const held = this.#held;
    this.#held = undefined;
    for (const batch of held) await this.#sums.add(batch.inputs, batch.missing);
  }

  /** outputs × inputs */
  async solve(): Promise<Matrix> {
    if (this.#held === undefined) return transposed(await this.#sums.solve());
    if (this.#rows === 0) return matrix(this.outputs, this.inputs);
    const inputs = stacked(this.#held.map((batch) => batch.inputs));
    const missing = stacked(this.#held.map((batch) => batch.missing));
    const gram = await this.products.multiply(inputs, inputs, { transposeB: true });
    const shares = await solveNormalEquations(gram.rows, gram.data, this.outputs, missing.data, this.products);
    return this.products.multiply(shares, inputs, { transposeA: true });
  }
}

function stacked(batches: readonly Matrix[]): Matrix {
  const columns = batches[0]?.columns ?? 0;
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  const result = matrix(rows, columns);
  let row = 0;
  for (const batch of batches) {
    result.data.set(batch.data, row * columns);
    row += batch.rows;
  }
  return result;
}
