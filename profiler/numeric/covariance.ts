import type { Matrix } from "./matrix.ts";
import type { Products } from "./products.ts";

/** Mean and covariance of vectors that come in batches, in one pass; the products run in float32, their sums in float64. */
export class Covariance {
  readonly #products: Float64Array;
  readonly #sums: Float64Array;
  #samples = 0;

  constructor(
    readonly size: number,
    private readonly products: Products,
  ) {
    this.#products = new Float64Array(size * size);
    this.#sums = new Float64Array(size);
  }

  get samples(): number {
    return this.#samples;
  }

  /** @param batch samples × size */
  async add(batch: Matrix): Promise<void> {
    if (batch.columns !== this.size) throw new RangeError(`vectors of ${batch.columns} elements, not ${this.size}`);
    const { data } = await this.products.multiply(batch, batch, { transposeA: true });
    for (let index = 0; index < data.length; index++)
      this.#products[index] = (this.#products[index] ?? 0) + (data[index] ?? 0);
    for (let index = 0; index < batch.data.length; index++) {
      const element = index % this.size;
      this.#sums[element] = (this.#sums[element] ?? 0) + (batch.data[index] ?? 0);
    }
    this.#samples += batch.rows;
  }

  mean(): Float64Array {
    return this.#sums.map((sum) => sum / Math.max(this.#samples, 1));
  }

  /** Mean products of the elements, about zero and not about the mean: size × size */
  moments(): Matrix {
    const count = Math.max(this.#samples, 1);
    return { rows: this.size, columns: this.size, data: Float32Array.from(this.#products, (sum) => sum / count) };
  }

  /** size × size */
  covariance(): Matrix {
    const mean = this.mean();
    const count = Math.max(this.#samples, 1);
    const data = Float32Array.from(this.#products, (sum, index) => {
      const row = Math.floor(index / this.size);
      return sum / count - (mean[row] ?? 0) * (mean[index % this.size] ?? 0);
    });
    return { rows: this.size, columns: this.size, data };
  }
}
