import { isDepthwise, linearSizes, type LinearLayer } from "./linear-layer.ts";

/** Of each channel; NaN where nothing is known. */
export interface Moments {
  readonly means: Float64Array;
  readonly variances: Float64Array;
}

/** What the inputs of a layer add to its outputs, as if they varied by themselves: outputs × inputs of a group. */
export interface Contributions {
  /** By output, then by place in the output's group. */
  readonly means: Float64Array;
  /** Squares of the weights times the input's variance, over the taps. */
  readonly variances: Float64Array;
  readonly outputs: number;
  /** Inputs of each group. */
  readonly inputs: number;
  /** The first input that an output sees. */
  readonly firstOf: (output: number) => number;
}

/** @returns undefined for a depthwise layer, whose inputs go with its outputs */
export async function contributionsOf({ form }: LinearLayer, moments: Moments): Promise<Contributions | undefined> {
  if (isDepthwise(form)) return undefined;
  const { outputs, groups, columns, taps } = linearSizes(form);
  const inputs = columns / taps;
  const firstOf = (output: number): number => Math.floor(output / (outputs / groups)) * inputs;
  const [means, variances] = [new Float64Array(outputs * inputs), new Float64Array(outputs * inputs)];
  const weights = await form.weight.read();
  for (let output = 0; output < outputs; output += 1) {
    const first = firstOf(output);
    for (let input = 0; input < inputs; input += 1) {
      const at = output * inputs + input;
      let [sum, squares] = [0, 0];
      for (let tap = at * taps; tap < (at + 1) * taps; tap += 1) {
        const weight = weights[tap] ?? 0;
        sum += weight;
        squares += weight * weight;
      }
      means[at] = sum * (moments.means[first + input] ?? NaN);
      variances[at] = squares * (moments.variances[first + input] ?? NaN);
    }
  }
  return { means, variances, outputs, inputs, firstOf };
}
