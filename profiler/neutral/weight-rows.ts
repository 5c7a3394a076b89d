import type { LinearForm } from "./forms.ts";
import { permutedWeights } from "./stored-weights.ts";
import type { Weights } from "./weights.ts";

/** The permutation by which outputs and inputs of a transposed convolution's weights change places: there and back. */
export function turned({ shape }: Pick<Weights, "shape">): readonly number[] {
  return shape.map((_, axis) => (axis < 2 ? 1 - axis : axis));
}

/** A layer's weights with a row for each output: outputs × inputs of a group × kernel. A transposed convolution is to have one group. */
export function weightRows({ kind, weight }: LinearForm): Weights {
  return kind === "conv-transpose" ? permutedWeights(weight, turned(weight)) : weight;
}

/** Sizes of `weightRows`. */
export function rowShape({ kind, weight }: LinearForm): readonly number[] {
  return kind === "conv-transpose" ? turned(weight).map((axis) => weight.shape[axis] ?? 1) : weight.shape;
}

/** The way back: rows in the order of the layer's weights. */
export function rowsAsWeights({ kind }: LinearForm, rows: Weights): Weights {
  return kind === "conv-transpose" ? permutedWeights(rows, turned(rows)) : rows;
}
