import { choleskyFactor, choleskySolve } from "../numeric/cholesky.ts";
import { matrix, type Matrix } from "../numeric/matrix.ts";
import type { OutputError } from "./output-error.ts";
import type { Rounding } from "./rounding.ts";

/** Weights of a row that are solved for at once: the cube of them is what it takes. */
const SOLVED_AT_ONCE = 400;

/** Whether few enough weights of each row stay to be solved for exactly. */
export function isSparse(mask: Uint8Array, columns: number): boolean {
  for (let from = 0; from < mask.length; from += columns) {
    let kept = 0;
    for (let at = from; at < from + columns; at += 1) kept += mask[at] ?? 0;
    if (kept > SOLVED_AT_ONCE) return false;
  }
  return true;
}

/**
 * The weights that stay, by exact least squares over them for each row.
 * @param mask rows × columns, of which `isSparse` says so
 */
export async function solvedWithin(target: Matrix, error: OutputError, mask: Uint8Array): Promise<Matrix> {
  const { rows, columns } = target;
  const result = matrix(rows, columns);
  const applied = await error.apply(target);
  for (let row = 0; row < rows; row += 1) {
    const kept = keptColumns(mask, row, columns);
    const factor = choleskyFactor(kept.length, await error.among(kept, row));
    if (factor === undefined)
      throw new RangeError("the inputs of a layer on the calibration samples are not all numbers");
    const solution = Float64Array.from(kept, (column) => applied.data[row * columns + column] ?? 0);
    choleskySolve(kept.length, factor, solution);
    kept.forEach((column, place) => (result.data[row * columns + column] = solution[place] ?? 0));
  }
  return result;
}

/**
 * Rounds the weights that stay, the errors of each passed on to those of its row that stay and are still to come: see
 * `OutputError.passErrors`, here over what stays alone.
 * @param solved what `solvedWithin` made
 */
export async function roundedWithin(
  solved: Matrix,
  error: OutputError,
  mask: Uint8Array,
  rounding: Rounding,
): Promise<Matrix> {
  const { rows, columns, data } = solved;
  const result = matrix(rows, columns);
  const value = new Float64Array(1);
  for (let row = 0; row < rows; row += 1) {
    const importance = error.diagonalOf(row);
    const kept = keptColumns(mask, row, columns).sort((a, b) => (importance[a] ?? 0) - (importance[b] ?? 0));
    const size = kept.length;
    const factor = choleskyFactor(size, await error.among(kept, row));
    if (factor === undefined)
      throw new RangeError("the inputs of a layer on the calibration samples are not all numbers");
    const terms = new Float64Array(size);
    for (let place = size - 1; place >= 0; place -= 1) {
      const at = row * columns + (kept[place] ?? 0);
      value[0] = (data[at] ?? 0) + (terms[place] ?? 0) / (factor[place * size + place] ?? 1);
      rounding.round(kept[place] ?? 0, value, value, row);
      const [rounded = 0] = value;
      result.data[at] = rounded;
      const off = (data[at] ?? 0) - rounded;
      for (let other = 0; other < place; other += 1)
        terms[other] = (terms[other] ?? 0) + (factor[place * size + other] ?? 0) * off;
    }
  }
  return result;
}

function keptColumns(mask: Uint8Array, row: number, columns: number): Uint32Array {
  const kept: number[] = [];
  for (let column = 0; column < columns; column += 1) if (mask[row * columns + column] !== 0) kept.push(column);
  return Uint32Array.from(kept);
}
