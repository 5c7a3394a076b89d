import { matrix, type Matrix } from "../numeric/matrix.ts";
import { minus, type OutputError } from "./output-error.ts";

/** Elements of H, in float64, that are worth their memory. */
const MOST_ELEMENTS = 2 ** 25;
/** Times that a row's weights are gone through: each weight that turns may ask others to. */
const MOST_SWEEPS = 20;

/**
 * Weights of one magnitude a row with signs turned until no sign alone lessens the error any more: errors that are passed on reach the columns to come
 * alone, and 5 to 9 % of a convolution's signs turn for the others. Weights as they are where H is too large to be made.
 */
export async function turnedSigns(weights: Matrix, target: Matrix, error: OutputError): Promise<Matrix> {
  const { rows, columns } = weights;
  if (error.isIdentity || columns ** 2 > MOST_ELEMENTS) return weights;
  const turned = matrix(rows, columns, weights.data.slice());
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
    turnRow(turned.data.subarray(from, to), slopes.subarray(from, to), products);
  }
  return turned;
}

/**
 * @param weights of a row; are changed
 * @param slopes (weights − target) · H; used up
 * @param products H
 */
function turnRow(weights: Float32Array, slopes: Float32Array, products: ArrayLike<number>): void {
  const { length } = weights;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep += 1) {
    let isChanged = false;
    for (let column = 0; column < length; column += 1) {
      const change = -2 * (weights[column] ?? 0);
      const own = products[column * length + column] ?? 0;
      if (change * (2 * (slopes[column] ?? 0) + change * own) >= 0) continue;
      weights[column] = -(weights[column] ?? 0);
      isChanged = true;
      const from = column * length;
      for (let other = 0; other < length; other += 1)
        slopes[other] = (slopes[other] ?? 0) + change * (products[from + other] ?? 0);
    }
    if (!isChanged) return;
  }
}
