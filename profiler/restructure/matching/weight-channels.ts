import type { LinearForm } from "../../neutral/forms.ts";

/** Which output and which input channel each weight belongs to, and how many of each there are. */
export interface WeightChannels {
  readonly outputs: number;
  readonly inputs: number;
  readonly outputOf: (index: number) => number;
  readonly inputOf: (index: number) => number;
}

export function weightChannels(form: LinearForm): WeightChannels {
  const [first = 0, second = 0, ...kernel] = form.weight.shape;
  const taps = kernel.reduce((product, size) => product * size, 1);
  const groups = form.kind === "dense" ? 1 : form.groups;
  const rowOf = (index: number): number => Math.floor(index / (second * taps));
  /** The place along the second axis, counted through all groups. */
  const columnOf = (index: number): number =>
    Math.floor(rowOf(index) / (first / groups)) * second + (Math.floor(index / taps) % second);
  return form.kind === "conv-transpose"
    ? { outputs: second * groups, inputs: first, outputOf: columnOf, inputOf: rowOf }
    : { outputs: first, inputs: second * groups, outputOf: rowOf, inputOf: columnOf };
}
