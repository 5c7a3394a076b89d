import { matrix, type Matrix } from "../numeric/matrix.ts";
import type { KeptWeights } from "./kept-weights.ts";
import type { Rounding } from "./rounding.ts";

/** Weights that stay where nothing is known of their inputs: H is the identity, and each is by itself. */
export class KeptAlone implements KeptWeights {
  /** @param mask rows × columns */
  constructor(private readonly mask: Uint8Array) {}

  solved({ rows, columns, data }: Matrix): Promise<Matrix> {
    const kept = data.map((value, at) => (this.mask[at] === 0 ? 0 : value));
    return Promise.resolve(matrix(rows, columns, kept));
  }

  saliencies({ data }: Matrix): Promise<Float32Array> {
    return Promise.resolve(data.map((value, at) => (this.mask[at] === 0 ? 0 : value * value)));
  }

  rounded({ rows, columns, data }: Matrix, rounding: Rounding): Promise<Matrix> {
    const result = matrix(rows, columns);
    const values = new Float64Array(rows);
    for (let column = 0; column < columns; column += 1) {
      for (let row = 0; row < rows; row += 1) values[row] = data[row * columns + column] ?? 0;
      rounding.round(column, values, values, 0);
      for (let row = 0; row < rows; row += 1) {
        const at = row * columns + column;
        if (this.mask[at] !== 0) result.data[at] = values[row] ?? 0;
      }
    }
    return Promise.resolve(result);
  }

  errorOf({ data }: Matrix): Promise<number> {
    let sum = 0;
    for (const [at, value] of data.entries()) if (this.mask[at] !== 0) sum += value * value;
    return Promise.resolve(sum);
  }

  tableEquations(
    indices: Uint8Array,
    size: number,
    { data }: Matrix,
  ): Promise<{ readonly gram: Float64Array; readonly right: Float64Array }> {
    const gram = new Float64Array(size * size);
    const right = new Float64Array(size);
    for (const [at, index] of indices.entries()) {
      if (this.mask[at] === 0) continue;
      gram[index * (size + 1)] = (gram[index * (size + 1)] ?? 0) + 1;
      right[index] = (right[index] ?? 0) + (data[at] ?? 0);
    }
    return Promise.resolve({ gram, right });
  }
}
