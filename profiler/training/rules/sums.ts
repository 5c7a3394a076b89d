import { sizeOf, type GraphTensor, type OnnxGraph } from "../onnx-graph.ts";

/** The sum over some axes, which go. */
export function summed(graph: OnnxGraph, tensor: GraphTensor, axes: readonly number[]): GraphTensor {
  if (axes.length === 0) return tensor;
  const shape = tensor.shape.filter((_, axis) => !axes.includes(axis));
  return graph.node("ReduceSum", [tensor, graph.setting(axes)], shape, { keepdims: 0 });
}

/** The same elements, row-major, under another shape. */
export function reshaped(graph: OnnxGraph, tensor: GraphTensor, shape: readonly number[]): GraphTensor {
  if (shape.join() === tensor.shape.join()) return tensor;
  return graph.node("Reshape", [tensor, graph.setting(shape)], shape);
}

export function transposed(graph: OnnxGraph, tensor: GraphTensor, perm: readonly number[]): GraphTensor {
  if (perm.every((from, axis) => from === axis)) return tensor;
  const shape = perm.map((axis) => tensor.shape[axis] ?? 1);
  const moved = (of: readonly number[]): string => of.filter((axis) => tensor.shape[axis] !== 1).join();
  // Axes of one element may move without their elements moving.
  if (moved(perm) === moved(perm.toSorted((a, b) => a - b))) return reshaped(graph, tensor, shape);
  return graph.node("Transpose", [tensor], shape, { perm });
}

/** The gradient of an operand that was stretched to the output's shape, as NumPy stretches. */
export function unstretched(graph: OnnxGraph, gradient: GraphTensor, shape: readonly number[]): GraphTensor {
  const missing = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((size, axis) =>
    axis < missing || (shape[axis - missing] === 1 && size !== 1) ? [axis] : [],
  );
  if (axes.length === 0) return gradient;
  if (sizeOf(shape) === sizeOf(gradient.shape)) return reshaped(graph, gradient, shape);
  return reshaped(graph, summed(graph, gradient, axes), shape);
}

/** One number for each channel, for multiplying with a map of that rank. */
export function perChannel(graph: OnnxGraph, tensor: GraphTensor, rank: number): GraphTensor {
  return reshaped(graph, tensor, [sizeOf(tensor.shape), ...Array.from({ length: rank - 2 }, () => 1)]);
}

/** All axes of a map but that of the channels. */
export function otherAxes(shape: readonly number[]): readonly number[] {
  return shape.map((_, axis) => axis).filter((axis) => axis !== 1);
}
