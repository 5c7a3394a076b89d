import { linearSizes, type LinearLayer } from "./linear-layer.ts";

/** Of each channel; NaN where nothing is known. */
export interface Moments {
  readonly means: Float64Array;
  readonly variances: Float64Array;
}

/** Whether anything is known of any channel. */
export function isAnyKnown({ means }: Moments): boolean {
  return means.some((mean) => !Number.isNaN(mean));
}

/**
 * What each input of a layer adds to each output that sees it, as if inputs varied by themselves: to the mean, and to the variance by the
 * squares of the weights.
 */
export async function visitContributions(
  { form }: LinearLayer,
  { means, variances }: Moments,
  visit: (output: number, input: number, mean: number, variance: number) => void,
): Promise<void> {
  const { outputs, groups, columns, taps } = linearSizes(form);
  const inputs = columns / taps;
  const weights = await form.weight.read();
  for (let output = 0; output < outputs; output += 1) {
    const first = Math.floor(output / (outputs / groups)) * inputs;
    for (let input = first; input < first + inputs; input += 1) {
      const begin = (output * inputs + input - first) * taps;
      let [sum, squares] = [0, 0];
      for (let tap = begin; tap < begin + taps; tap += 1) {
        const weight = weights[tap] ?? 0;
        sum += weight;
        squares += weight * weight;
      }
      visit(output, input, sum * (means[input] ?? NaN), squares * (variances[input] ?? NaN));
    }
  }
}
