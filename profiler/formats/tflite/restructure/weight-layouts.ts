/**
 * How weights stand in the file. Axis `i` of the canonical weights (outputs, inputs of a group, height, width) is axis
 * `CANONICAL_AXES[op][i]` of the stored ones: OHWI, and 1×H×W×O where each output channel takes one input channel. A transposed convolution's
 * are inputs, outputs, height, width, and OHWI in the file.
 */
export const CANONICAL_AXES = {
  CONV_2D: [0, 3, 1, 2],
  DEPTHWISE_CONV_2D: [3, 0, 1, 2],
  TRANSPOSE_CONV: [3, 0, 1, 2],
} as const;

/** The way back. */
export const STORED_AXES = {
  CONV_2D: [0, 2, 3, 1],
  DEPTHWISE_CONV_2D: [1, 2, 3, 0],
  TRANSPOSE_CONV: [1, 2, 3, 0],
} as const;

export type ConvOperator = Exclude<keyof typeof STORED_AXES, "TRANSPOSE_CONV">;

/** Whether an order of axes leaves the elements of a tensor of that shape where they are: it moves axes of one element alone. */
export function keepsOrder(shape: readonly number[], permutation: readonly number[]): boolean {
  const moved = permutation.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, position) => position === 0 || axis > (moved[position - 1] ?? -1));
}
