import { matrix, type Matrix } from "../numeric/matrix.ts";
import { descended } from "./coordinate-descent.ts";
import type { OutputError } from "./output-error.ts";
import { binaryRounding } from "./rounding.ts";
import { rowFactors } from "./scales.ts";

export interface BinaryWeights {
  /** rows × columns of ±magnitude. */
  readonly weights: Matrix;
  /** One for each row. */
  readonly magnitudes: Float32Array;
}

/** Times that the signs are chosen again with the magnitudes that suit the signs before. */
const ROUNDS = 3;
/** Times that signs are turned one by one behind that, magnitudes fitted to them each time. */
const TURNS = 2;

/**
 * Each weight as plus or minus its row's magnitude (Rastegari et al.: "XNOR-Net", ECCV 2016), errors passed on, magnitudes fitted to
 * the outputs.
 */
export async function binarized(target: Matrix, error: OutputError): Promise<BinaryWeights> {
  const { rows, columns, data } = target;
  let magnitudes: Float32Array = Float32Array.from({ length: rows }, (_, row) => {
    const importance = error.diagonalOf(row);
    let sum = 0;
    let total = 0;
    for (let column = 0; column < columns; column += 1) {
      sum += (importance[column] ?? 0) * Math.abs(data[row * columns + column] ?? 0);
      total += importance[column] ?? 0;
    }
    return total > 0 ? sum / total : 0;
  });
  let weights = await error.passErrors(target, binaryRounding(magnitudes));
  for (let round = 0; round < ROUNDS; round += 1) {
    magnitudes = scaled(magnitudes, await rowFactors(weights, target, error));
    weights = await error.passErrors(target, binaryRounding(magnitudes));
  }
  for (let turn = 0; turn < TURNS; turn += 1) {
    const turned = await descended(weights, target, error, binaryRounding(magnitudes));
    const factors = await rowFactors(turned, target, error);
    const fitted = turned.data.map((value, at) => value * (factors[Math.floor(at / columns)] ?? 1));
    weights = matrix(rows, columns, fitted);
    magnitudes = scaled(magnitudes, factors);
  }
  return { weights, magnitudes };
}

function scaled(magnitudes: Float32Array, factors: Float64Array): Float32Array {
  return magnitudes.map((magnitude, row) => magnitude * (factors[row] ?? 1));
}
