import type { GraphTensor, OnnxGraph } from "./onnx-graph.ts";

/** Decay of the means of gradients and of their squares; what a division by zero is kept from. Source: Kingma and Ba, Adam, ICLR 2015. */
export const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-8;

export interface AdamState {
  readonly weights: GraphTensor;
  /** Running mean of the gradients. */
  readonly first: GraphTensor;
  /** Running mean of their squares. */
  readonly second: GraphTensor;
}

/**
 * Writes one step of Adam on vectors.
 * @param sizes how far each weight moves at a rate of 1: see `stepSizes`
 * @param rate the learning rate with the correction of the means' start, one number: see `adamRate`
 */
export function adam(
  graph: OnnxGraph,
  state: AdamState,
  gradient: GraphTensor,
  rate: GraphTensor,
  sizes: GraphTensor,
): AdamState {
  const op = (name: string, ...inputs: readonly GraphTensor[]): GraphTensor =>
    graph.node(name, inputs, state.weights.shape);
  const mean = (before: GraphTensor, value: GraphTensor, decay: number): GraphTensor =>
    op("Add", op("Mul", before, graph.scalar(decay)), op("Mul", value, graph.scalar(1 - decay)));
  const first = mean(state.first, gradient, BETA_1);
  const second = mean(state.second, op("Mul", gradient, gradient), BETA_2);
  const step = op("Div", first, op("Add", op("Sqrt", second), graph.scalar(EPSILON)));
  return { weights: op("Sub", state.weights, op("Mul", op("Mul", step, sizes), rate)), first, second };
}

/** Steps in which the rate rises to its largest. */
const WARM_UP = 20;

/**
 * What a step gives Adam as its rate: warm-up, then half a cosine to zero, with Adam's own correction (its efficient form, section 2).
 * @param largest learning rate
 * @param step from 0
 * @param progress share of the training that is done, 0 to 1
 */
export function adamRate(largest: number, step: number, progress: number): number {
  const warmth = Math.min(1, (step + 1) / WARM_UP);
  const cosine = 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress)));
  const correction = Math.sqrt(1 - BETA_2 ** (step + 1)) / (1 - BETA_1 ** (step + 1));
  return largest * warmth * cosine * correction;
}

/** What a tensor near zero is taken for: a bias of zeros moves too. */
const LEAST_SIZE = 0.02;

/**
 * How far a step moves each weight at a rate of 1: the root mean square of the tensor that it belongs to, pruned ones apart, as in You et al. (LAMB, ICLR 2020). Weights
 * that closed forms fitted differ a thousandfold from layer to layer (digits_resnet at 1/64 of its MACs: 0.1 to 10.6): a step that suits one ruins
 * another, or does not move it.
 * @param start all weights
 */
export function stepSizes(
  parameters: readonly { readonly offset: number; readonly size: number }[],
  start: Float32Array,
): Float32Array {
  const sizes = new Float32Array(start.length);
  for (const { offset, size } of parameters) {
    const part = start.subarray(offset, offset + size);
    const squares = part.reduce((sum, value) => sum + value * value, 0);
    const count = part.reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0);
    sizes.fill(Math.max(LEAST_SIZE, Math.sqrt(squares / Math.max(1, count))), offset, offset + size);
  }
  return sizes;
}
