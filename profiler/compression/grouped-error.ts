import { matrix, rowsOf, type Matrix } from "../numeric/matrix.ts";
import type { OutputError } from "./output-error.ts";
import type { Rounding } from "./rounding.ts";

/** The error of a grouped layer, whose groups of rows have inputs of their own. */
export class GroupedError implements OutputError {
  readonly columns: number;

  /** @param groups one for each `rowsPerGroup` rows */
  constructor(
    private readonly groups: readonly OutputError[],
    private readonly rowsPerGroup: number,
  ) {
    this.columns = groups[0]?.columns ?? 0;
  }

  diagonalOf(row: number): Float32Array {
    return this.#groupOf(row)?.diagonalOf(row) ?? new Float32Array(this.columns);
  }

  among(columns: Uint32Array, row: number): Promise<ArrayLike<number>> {
    return this.#groupOf(row)?.among(columns, row) ?? Promise.resolve(new Float64Array(columns.length ** 2));
  }

  apply(x: Matrix): Promise<Matrix> {
    return this.#joined(x, (group, rows) => group.apply(rows));
  }

  async inverseDiagonal(): Promise<(row: number) => Float64Array> {
    const diagonals = await Promise.all(this.groups.map((group) => group.inverseDiagonal()));
    return (row) => diagonals[Math.floor(row / this.rowsPerGroup)]?.(row) ?? new Float64Array(this.columns);
  }

  passErrors(weights: Matrix, rounding: Rounding, firstRow = 0): Promise<Matrix> {
    return this.#joined(weights, (group, rows, first) => group.passErrors(rows, rounding, firstRow + first));
  }

  #groupOf(row: number): OutputError | undefined {
    return this.groups[Math.floor(row / this.rowsPerGroup)];
  }

  async #joined(
    whole: Matrix,
    part: (group: OutputError, rows: Matrix, firstRow: number) => Promise<Matrix>,
  ): Promise<Matrix> {
    const result = matrix(whole.rows, whole.columns);
    for (const [index, group] of this.groups.entries()) {
      const first = index * this.rowsPerGroup;
      const { data } = await part(group, rowsOf(whole, first, this.rowsPerGroup), first);
      result.data.set(data, first * whole.columns);
    }
    return result;
  }
}
