import type { Activation } from "../../../operators/operation.ts";
import type { ElementFunction } from "../../../operators/operations-per-element.ts";

/** How the values of a channel are distributed: the values at each of `PLACES` of a normal distribution. */
export type Distribution = Float64Array;

/** In deviations from the mean, evenly from -4 to 4. */
const PLACES = Float64Array.from({ length: 33 }, (_, index) => (index - 16) / 4);
const DENSITIES = PLACES.map((place) => Math.exp(-(place ** 2) / 2));
const SHARES = DENSITIES.map((density) => density / DENSITIES.reduce((sum, each) => sum + each, 0));

export function normalDistribution(mean: number, deviation: number): Distribution {
  return PLACES.map((place) => mean + deviation * place);
}

export function meanOf(values: Distribution): number {
  return values.reduce((sum, value, place) => sum + value * (SHARES[place] ?? 0), 0);
}

export function varianceOf(values: Distribution): number {
  const mean = meanOf(values);
  return values.reduce((sum, value, place) => sum + (value - mean) ** 2 * (SHARES[place] ?? 0), 0);
}

/** @returns undefined for functions that are not among these */
export function activated(values: Distribution, activation: Activation): Distribution | undefined {
  const fn = FUNCTIONS[activation.fn];
  return fn && values.map((value) => fn(value, activation));
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const clipped = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);

/** As the formats define them, with their defaults. */
const FUNCTIONS: Readonly<Partial<Record<ElementFunction, (x: number, activation: Activation) => number>>> = {
  abs: Math.abs,
  relu: (x) => Math.max(x, 0),
  relu6: (x) => clipped(x, 0, 6),
  clip: (x, { minimum = -Infinity, maximum = Infinity }) => clipped(x, minimum, maximum),
  leakyRelu: (x, { alpha = 0.01 }) => (x < 0 ? alpha * x : x),
  elu: (x, { alpha = 1 }) => (x < 0 ? alpha * Math.expm1(x) : x),
  sigmoid,
  tanh: Math.tanh,
  softplus: (x) => Math.log1p(Math.exp(x)),
  hardSigmoid: (x, { alpha = 0.2, beta = 0.5 }) => clipped(alpha * x + beta, 0, 1),
  hardSwish: (x) => (x * clipped(x + 3, 0, 6)) / 6,
  silu: (x, { alpha = 1 }) => x * sigmoid(alpha * x),
  mish: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  // By the logistic function, which differs from the normal one by less than 0.02.
  gelu: (x) => x * sigmoid(1.702 * x),
  geluTanh: (x) => x * sigmoid(1.702 * x),
};
