import type { Rounding } from "./rounding.ts";

/** Columns that are rounded with the errors of their neighbours passed on one by one; those before come in one product. */
export const ROUNDED_TOGETHER = 128;

/**
 * Rounds one block of columns, the last one first. The sum of squares Σ_c (Σ_{i ≥ c} L_ic · e_i + t_c)² is kept small: each column is
 * chosen so that its own term vanishes but for rounding.
 * @param weights block × rows: the unrounded weights, a column after the other
 * @param order which column of the layer each is
 * @param factor block × block lower triangular, row-major: L
 * @param terms block × rows: t, what errors outside the block bring; used up
 * @param rounded block × rows: takes the rounded weights
 * @param errors block × rows: takes weights − rounded
 */
export function roundBlock(
  rows: number,
  weights: Float32Array,
  order: ArrayLike<number>,
  factor: ArrayLike<number>,
  terms: Float32Array,
  rounded: Float32Array,
  errors: Float32Array,
  rounding: Rounding,
  firstRow: number,
): void {
  const size = order.length;
  const values = new Float64Array(rows);
  for (let column = size - 1; column >= 0; column -= 1) {
    const start = column * rows;
    const pivot = factor[column * size + column] ?? 1;
    for (let row = 0; row < rows; row += 1)
      values[row] = (weights[start + row] ?? 0) + (terms[start + row] ?? 0) / pivot;
    rounding.round(order[column] ?? 0, values, values, firstRow);
    for (let row = 0; row < rows; row += 1) {
      const value = values[row] ?? 0;
      rounded[start + row] = value;
      errors[start + row] = (weights[start + row] ?? 0) - value;
    }
    for (let other = 0; other < column; other += 1) {
      const share = factor[column * size + other] ?? 0;
      const to = other * rows;
      for (let row = 0; row < rows; row += 1)
        terms[to + row] = (terms[to + row] ?? 0) + share * (errors[start + row] ?? 0);
    }
  }
}

/** Places in the order of rising numbers. */
export function ascending(numbers: Float32Array): Uint32Array {
  return Uint32Array.from(numbers.keys()).sort((a, b) => (numbers[a] ?? 0) - (numbers[b] ?? 0));
}
