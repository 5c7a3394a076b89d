import type { Matrix } from "../numeric/matrix.ts";
import type { Products } from "../numeric/products.ts";
import { ROUNDED_TOGETHER } from "./block-rounding.ts";
import { GramError } from "./gram-error.ts";
import { MOST_ELEMENTS_OF_H, type OutputError } from "./output-error.ts";
import { SampleError } from "./sample-error.ts";

/** Share of H's mean diagonal that is added to it: inputs are often nearly dependent, and samples few. */
const RIDGE = 0.01;
/** The same where there are fewer samples than columns. */
const WIDE_RIDGE = 0.02;

/** Times that a layer's weights are rounded, about: scales are fitted again. */
const ROUNDINGS = 2;

/** The error on samples. */
export interface SampledError {
  readonly error: OutputError;
  /** The least weights e with A · eᵀ ≈ outputs. @param outputs samples × rows @returns rows × columns */
  weightsFor(outputs: Matrix): Promise<Matrix>;
}

/**
 * @param inputs samples × columns, what the layer sees; centred where a bias takes up the mean
 * @throws {RangeError} when an input is not a number
 */
export async function sampledError(inputs: Matrix, products: Products): Promise<SampledError> {
  if (isOfSamples(inputs)) {
    const error = SampleError.of(inputs, ridgeOf(inputs), products);
    return { error, weightsFor: (outputs) => error.weightsFor(outputs) };
  }
  const error = await gramError(await products.multiply(inputs, inputs, { transposeA: true }), inputs.rows, products);
  const pullsOf = (outputs: Matrix): Promise<Matrix> => products.multiply(inputs, outputs, { transposeA: true });
  return { error, weightsFor: async (outputs) => error.solved(await pullsOf(outputs)) };
}

/**
 * The error on samples of which no more is known than their products: for layers that are not `isOfSamples`.
 * @param gram Aᵀ·A, which is used up
 * @throws {RangeError} when an input is not a number
 */
export function gramError(gram: Matrix, samples: number, products: Products): Promise<GramError> {
  return GramError.of(gram, ridgeOf({ rows: samples, columns: gram.columns }), products);
}

function ridgeOf({ rows, columns }: Pick<Matrix, "rows" | "columns">): number {
  return columns > rows ? WIDE_RIDGE : RIDGE;
}

/** Whether it takes less to solve in the space of the samples than to make H: both come to the same. */
export function isOfSamples({ rows, columns }: Pick<Matrix, "rows" | "columns">): boolean {
  if (columns <= rows) return false;
  if (columns ** 2 > MOST_ELEMENTS_OF_H) return true;
  // Multiplications: H and its factor once; a factor of the samples' products for each block of columns.
  const byGram = columns ** 2 * rows + columns ** 3 / 6;
  const bySamples = (ROUNDINGS * columns * (rows ** 3 / 6 + 2 * ROUNDED_TOGETHER * rows ** 2)) / ROUNDED_TOGETHER;
  return bySamples < byGram;
}
