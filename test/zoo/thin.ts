import { elements, type Network, type Step, type Value, type Weight } from "./network.ts";

/**
 * The network with its channels and features divided: the same layers, small enough to compute with all of them. Counts that the divisor
 * does not divide stay: the colours of the input, the classes.
 */
export function thinned(network: Network, divisor: number): Network {
  const values = new Map<Value, Value>();
  const thin = (count: number): number => (count % divisor === 0 ? count / divisor : count);
  const thinValue = (value: Value): Value => {
    const known = values.get(value);
    if (known) return known;
    const shape = value.shape.map((size, axis) => (axis === 1 ? thin(size) : size));
    const made = { ...value, shape };
    values.set(value, made);
    return made;
  };
  const steps = network.steps.map((step) => thinStep(step, thinValue, thin));
  const inputs = network.inputs.map((input) => ({ ...input, value: thinValue(input.value) }));
  return { ...network, inputs, steps, outputs: network.outputs.map(thinValue) };
}

function thinStep(step: Step, thinValue: (value: Value) => Value, thin: (count: number) => number): Step {
  const inputs = step.inputs.map(thinValue);
  const output = thinValue(step.output);
  const weights = (shapeOf: (weight: Weight) => readonly number[]): readonly Weight[] =>
    step.weights.map((weight) => ({ ...weight, shape: shapeOf(weight) }));
  const [channels = 1] = inputs.map(({ shape }) => shape[1] ?? 1);
  const before = step.inputs[0]?.shape[1];
  if (step.kind === "conv") {
    const groups = step.groups === before ? channels : step.groups;
    const shapeOf = ({ shape: [out = 1, , ...kernel] }: Weight): readonly number[] =>
      kernel.length === 0 ? [thin(out)] : [thin(out), channels / groups, ...kernel];
    return { ...step, groups, inputs, output, weights: weights(shapeOf) };
  }
  if (step.kind === "dense") {
    const image = step.image?.map((size, axis) => (axis === 0 ? thin(size) : size));
    const features = image ? elements(image) : channels;
    const shapeOf = ({ shape: [out = 1, ...rest] }: Weight): readonly number[] =>
      rest.length === 0 ? [thin(out)] : [thin(out), features];
    return { ...step, ...(image && { image }), inputs, output, weights: weights(shapeOf) };
  }
  return { ...step, inputs, output, weights: weights(({ shape }) => shape.map(thin)) };
}
