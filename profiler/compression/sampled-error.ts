import type { Matrix } from "../numeric/matrix.ts";
import type { Products } from "../numeric/products.ts";
import { GramError } from "./gram-error.ts";
import type { SampledError } from "./output-error.ts";
import { SampleError } from "./sample-error.ts";

/** Share of H's mean diagonal that is added to it: inputs are often nearly dependent, and samples few. */
const RIDGE = 0.01;
/** The same where there are fewer samples than columns. */
const WIDE_RIDGE = 0.02;

/**
 * @param inputs samples × columns, what the layer sees; centred where a bias takes up the mean
 * @throws {RangeError} when an input is not a number
 */
export async function outputError(inputs: Matrix, products: Products): Promise<SampledError> {
  const isWide = inputs.columns > inputs.rows;
  return isWide ? SampleError.of(inputs, WIDE_RIDGE, products) : GramError.of(inputs, RIDGE, products);
}
