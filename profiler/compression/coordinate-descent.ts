import { matrix, type Matrix } from "../numeric/matrix.ts";
import { minus, MOST_ELEMENTS_OF_H, type OutputError } from "./output-error.ts";
import type { Rounding } from "./rounding.ts";

/** Times that a row's weights are gone through: each weight that changes may ask others to. */
const MOST_SWEEPS = 20;
/** So small a part of a weight's own error is rounding. */
const LEAST_GAIN = 1e-6;

/**
 * Rounded weights changed one by one, each to the value that suits the others best, until no single change lessens the error any more:
 * errors that are passed on reach the columns to come alone. Of the signs of binary convolutions 5 to 9 % turn.
 * @param rounded rows × columns
 * @param target what they were rounded from
 * @param rounding gives the values that weights may take
 * @returns weights as they are where H is too large to be made
 */
export async function descended(
  rounded: Matrix,
  target: Matrix,
  error: OutputError,
  rounding: Rounding,
): Promise<Matrix> {
  const { rows, columns } = rounded;
  if (error.isIdentity || columns ** 2 > MOST_ELEMENTS_OF_H) return rounded;
  const weights = matrix(rows, columns, rounded.data.slice());
  const { data: slopes } = await error.apply(minus(weights, target));
  const all = Uint32Array.from({ length: columns }, (_, column) => column);
  let known: Float32Array | undefined;
  let products: ArrayLike<number> = [];
  for (let row = 0; row < rows; row += 1) {
    // Rows of one group have one H, and its diagonal with it.
    const diagonal = error.diagonalOf(row);
    if (diagonal !== known) products = await error.among(all, row);
    known = diagonal;
    const [from, to] = [row * columns, (row + 1) * columns];
    descendRow(weights.data.subarray(from, to), slopes.subarray(from, to), products, row, rounding);
  }
  return weights;
}

/**
 * @param weights of a row; are changed
 * @param slopes (weights − target) · H; used up
 * @param products H
 */
function descendRow(
  weights: Float32Array,
  slopes: Float32Array,
  products: ArrayLike<number>,
  row: number,
  rounding: Rounding,
): void {
  const { length } = weights;
  const best = new Float64Array(1);
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep += 1) {
    let isChanged = false;
    for (let column = 0; column < length; column += 1) {
      const before = weights[column] ?? 0;
      const slope = slopes[column] ?? 0;
      const own = products[column * length + column] ?? 0;
      if (own <= 0) continue;
      // The error is a parabola of this weight: of the values that it may take, the one next to the lowest point is best.
      best.fill(before - slope / own);
      rounding.round(column, best, best, row);
      const after = Math.fround(best[0] ?? 0);
      const change = after - before;
      if (change * (2 * slope + change * own) >= -LEAST_GAIN * own * change * change) continue;
      weights[column] = after;
      isChanged = true;
      const from = column * length;
      for (let other = 0; other < length; other += 1)
        slopes[other] = (slopes[other] ?? 0) + change * (products[from + other] ?? 0);
    }
    if (!isChanged) return;
  }
}
