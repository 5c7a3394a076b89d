import { OnnxGraph, sizeOf, type GraphTensor } from "./onnx-graph.ts";

/** A tensor of the forward pass. */
export interface Value extends GraphTensor {
  /** Something that is trained is behind it: its gradient is asked for. */
  readonly isTrained: boolean;
}

/** Gradients of the inputs by that of the output; undefined for those that need none. */
export type Backward = (gradient: GraphTensor) => readonly (GraphTensor | undefined)[];

interface Recorded {
  readonly output: Value;
  readonly inputs: readonly Value[];
  readonly backward: Backward;
}

/**
 * Reverse-mode differentiation (Linnainmaa 1970) that writes a graph: operations of the forward pass are recorded as they are written,
 * and `gradients` writes the backward pass behind them.
 */
export class Tape {
  readonly #recorded: Recorded[] = [];

  constructor(readonly graph: OnnxGraph = new OnnxGraph()) {}

  /** A tensor that nothing is trained in: a sample, or numbers that stay. */
  fixed(tensor: GraphTensor): Value {
    return { ...tensor, isTrained: false };
  }

  /** A tensor that gradients are wanted of. */
  trained(tensor: GraphTensor): Value {
    return { ...tensor, isTrained: true };
  }

  constant(shape: readonly number[], elements: Float32Array): Value {
    return this.fixed(this.graph.constant(shape, elements));
  }

  /**
   * What an operation made.
   * @param backward writes the gradients of the inputs; it is called once, and only when the output's gradient is not zero
   */
  record(output: GraphTensor, inputs: readonly Value[], backward: Backward): Value {
    const value = { ...output, isTrained: inputs.some(({ isTrained }) => isTrained) };
    if (value.isTrained) this.#recorded.push({ output: value, inputs, backward });
    return value;
  }

  /**
   * Writes the backward pass.
   * @param seeds gradients of the tensors that it starts from, by name
   * @returns gradients by the name of the tensor; what the seeds do not depend on has none
   */
  gradients(seeds: ReadonlyMap<string, GraphTensor>): ReadonlyMap<string, GraphTensor> {
    const known = new Map(seeds);
    for (const { output, inputs, backward } of this.#recorded.toReversed()) {
      const gradient = known.get(output.name);
      if (gradient === undefined) continue;
      for (const [position, part] of backward(gradient).entries()) {
        const input = inputs[position];
        if (part === undefined || input?.isTrained !== true) continue;
        if (sizeOf(part.shape) !== sizeOf(input.shape))
          throw new RangeError(`a gradient of ${part.shape.join("×")} for a tensor of ${input.shape.join("×")}`);
        const before = known.get(input.name);
        known.set(input.name, before ? this.graph.node("Add", [before, part], input.shape) : part);
      }
    }
    return known;
  }
}
