import type { Matrix } from "../numeric/matrix.ts";
import type { Products } from "../numeric/products.ts";
import { ROUNDED_TOGETHER } from "./block-rounding.ts";
import { GramError } from "./gram-error.ts";
import { MOST_ELEMENTS_OF_H, type SampledError } from "./output-error.ts";
import { SampleError } from "./sample-error.ts";

/** Share of H's mean diagonal that is added to it: inputs are often nearly dependent, and samples few. */
const RIDGE = 0.01;
/** The same where there are fewer samples than columns. */
const WIDE_RIDGE = 0.02;

/** Times that a layer's weights are rounded, about: scales are fitted again. */
const ROUNDINGS = 2;

/**
 * @param inputs samples × columns, what the layer sees; centred where a bias takes up the mean
 * @throws {RangeError} when an input is not a number
 */
export async function outputError(inputs: Matrix, products: Products): Promise<SampledError> {
  const ridge = inputs.columns > inputs.rows ? WIDE_RIDGE : RIDGE;
  return isOfSamples(inputs) ? SampleError.of(inputs, ridge, products) : GramError.of(inputs, ridge, products);
}

/** Whether it takes less to solve in the space of the samples than to make H: both come to the same. */
function isOfSamples({ rows, columns }: Matrix): boolean {
  if (columns <= rows) return false;
  if (columns ** 2 > MOST_ELEMENTS_OF_H) return true;
  // Multiplications: H and its factor once; a factor of the samples' products for each block of columns.
  const byGram = columns ** 2 * rows + columns ** 3 / 6;
  const bySamples = (ROUNDINGS * columns * (rows ** 3 / 6 + 2 * ROUNDED_TOGETHER * rows ** 2)) / ROUNDED_TOGETHER;
  return bySamples < byGram;
}
