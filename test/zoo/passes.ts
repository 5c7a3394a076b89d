import { at, type Network, type Step, type Value, type Weight } from "./network.ts";

/**
 * Batch normalisation as a converter leaves it: folded into the convolution before it (whose bias it becomes), or, where none is, a
 * scale and a shift. A folded layer has `out` parameters where the unfolded one had 4 × `out`, or 5 × with a bias before.
 */
export function foldBatchNorms(network: Network): Network {
  return rewrite(network, (step, producer) => {
    if (step.kind !== "batchNorm") return undefined;
    const isFoldable = producer !== undefined && (producer.kind === "conv" || producer.kind === "transposedConv");
    if (!isFoldable) return { ...step, kind: "affine", weights: step.weights.slice(0, 2) };
    const kernel = at(producer.weights, 0);
    const bias: Weight = { ...at(step.weights, 1), name: kernel.name.replace(/weight$/, "bias") };
    return { ...producer, output: step.output, weights: [kernel, bias] };
  });
}

/** A bias of zeros for each convolution without one: TFLite's kernels read a bias whether it is there or not, so converters write it. */
export function addMissingBiases(network: Network): Network {
  return rewrite(network, (step) => {
    if (step.kind !== "conv" || step.weights.length > 1) return undefined;
    const kernel = at(step.weights, 0);
    const name = kernel.name.replace(/weight$/, "bias");
    return { ...step, weights: [kernel, { name, shape: kernel.shape.slice(0, 1), center: 0, spread: 0 }] };
  });
}

/** Of a table of positions only the rows that the sequence takes: where its length is fixed, a converter stores no others. */
export function trimPositions(network: Network): Network {
  return rewrite(network, (step) => {
    if (step.kind !== "positions") return undefined;
    return { ...step, weights: [{ ...at(step.weights, 0), shape: step.output.shape }] };
  });
}

/** ReLUs moved into the operator before them, as TFLite's operators take them. */
export function fuseActivations(network: Network): Network {
  return rewrite(network, (step, producer) => {
    if (step.kind !== "activation" || (step.activation !== "relu" && step.activation !== "relu6")) return undefined;
    if (producer?.kind !== "conv" && producer?.kind !== "dense" && producer?.kind !== "binary") return undefined;
    return { ...producer, activation: step.activation, output: step.output };
  });
}

/**
 * Replaces steps one by one. `change` sees a step and the step before it if that one's output goes nowhere else; what it returns with
 * that one's name stands for both.
 */
function rewrite(network: Network, change: (step: Step, producer: Step | undefined) => Step | undefined): Network {
  const uses = new Map<Value, number>();
  for (const value of [...network.steps.flatMap(({ inputs }) => inputs), ...network.outputs]) {
    uses.set(value, (uses.get(value) ?? 0) + 1);
  }
  const producers = new Map<Value, Step>();
  const steps = new Map<string, Step>();
  for (const step of network.steps) {
    const [x] = step.inputs;
    const producer = x === undefined || uses.get(x) !== 1 ? undefined : producers.get(x);
    const changed = change(step, producer) ?? step;
    steps.set(changed.name, changed);
    producers.set(changed.output, changed);
  }
  return { ...network, steps: [...steps.values()] };
}
