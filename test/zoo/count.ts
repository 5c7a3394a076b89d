import { at, elements, type Network, type Step } from "./network.ts";

/** What a network costs by its description alone: the check on what the engine finds in the files. */
export interface Count {
  readonly macs: number;
  readonly parameters: number;
}

export function countNetwork({ steps }: Network): Count {
  return steps
    .map(countStep)
    .reduce((sum, count) => ({ macs: sum.macs + count.macs, parameters: sum.parameters + count.parameters }), {
      macs: 0,
      parameters: 0,
    });
}

export function countStep(step: Step): Count {
  return { macs: macsOf(step), parameters: step.weights.reduce((sum, { shape }) => sum + elements(shape), 0) };
}

/** Padding counted, bias not. */
function macsOf(step: Step): number {
  const output = elements(step.output.shape);
  const [x] = step.inputs;
  switch (step.kind) {
    case "conv": {
      const [, inner = 0, rows = 0, columns = 0] = at(step.weights, 0).shape;
      return output * inner * rows * columns;
    }
    case "transposedConv": {
      const [, out = 0, rows = 0, columns = 0] = at(step.weights, 0).shape;
      return elements(x?.shape ?? []) * out * rows * columns;
    }
    case "dense":
    case "matmul":
      return output * (x?.shape.at(-1) ?? 0);
    default:
      return 0;
  }
}
