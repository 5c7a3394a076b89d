import type { Rounding } from "./rounding.ts";

/** Columns that are rounded with the errors of their neighbours passed on one by one; those before come in one product. */
export const ROUNDED_TOGETHER = 128;

/** Columns whose errors go to those before them in one pass over these, which waits for memory most of its time. */
const PASSED_TOGETHER = 4;

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
  for (let behind = size; behind > 0; behind = Math.max(0, behind - PASSED_TOGETHER)) {
    const from = Math.max(0, behind - PASSED_TOGETHER);
    for (let column = behind - 1; column >= from; column -= 1) {
      roundColumn(column);
      for (let other = from; other < column; other += 1) passOn(column, other);
    }
    const isWhole = behind - from === PASSED_TOGETHER;
    for (let other = 0; other < from; other += 1) {
      if (isWhole) passOnFour(from, other);
      else for (let column = from; column < behind; column += 1) passOn(column, other);
    }
  }

  function roundColumn(column: number): void {
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
  }

  function passOn(column: number, other: number): void {
    const share = factor[column * size + other] ?? 0;
    const [start, to] = [column * rows, other * rows];
    for (let row = 0; row < rows; row += 1)
      terms[to + row] = (terms[to + row] ?? 0) + share * (errors[start + row] ?? 0);
  }

  function passOnFour(column: number, other: number): void {
    const place = column * size + other;
    const a = factor[place] ?? 0;
    const b = factor[place + size] ?? 0;
    const c = factor[place + 2 * size] ?? 0;
    const d = factor[place + 3 * size] ?? 0;
    const to = other * rows;
    for (let row = 0, at = column * rows; row < rows; row += 1, at += 1)
      terms[to + row] =
        (terms[to + row] ?? 0) +
        (a * (errors[at] ?? 0) +
          b * (errors[at + rows] ?? 0) +
          c * (errors[at + 2 * rows] ?? 0) +
          d * (errors[at + 3 * rows] ?? 0));
  }
}

/** Places in the order of rising numbers. */
export function ascending(numbers: Float32Array): Uint32Array {
  return Uint32Array.from(numbers.keys()).sort((a, b) => (numbers[a] ?? 0) - (numbers[b] ?? 0));
}
