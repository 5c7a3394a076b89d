import { sizeOf, type GraphTensor } from "../onnx-graph.ts";
import type { Tape, Value } from "../tape.ts";
import { arithmetic } from "./elementwise.ts";
import { reshape } from "./layout.ts";
import { reshaped, transposed } from "./sums.ts";
import { positionsOf, type Window } from "./window.ts";

/** Elements of a map per sample of a batch, up to which products of whole maps are faster than windows. */
const MOST_PER_SAMPLE = 4;
/** Elements of the matrix that says which elements a tap connects: 4 MB. */
const MOST_CONNECTIONS = 2 ** 20;

/** Whether a depthwise convolution's maps are small beside the batch. @param x batch × channels × spatial … */
export function suitsPlanes(x: Value, window: Window): boolean {
  const [batch = 1, , ...sizes] = x.shape;
  const outputs = sizeOf(positionsOf(window, sizes));
  const inputs = sizeOf(sizes);
  return inputs <= MOST_PER_SAMPLE * batch && sizeOf(window.kernel) * inputs * outputs <= MOST_CONNECTIONS;
}

/**
 * A depthwise convolution of small maps as a product of each channel's maps with a matrix of inputs × outputs, in which each weight stands
 * wherever its tap connects the two. Both gradients are products then too: half the time of windows over maps of 25×5, batch 32.
 */
export function depthwiseByPlanes(tape: Tape, x: Value, weight: Value, bias: Value | undefined, window: Window): Value {
  const { graph } = tape;
  const [batch = 1, channels = 1, ...sizes] = x.shape;
  const positions = positionsOf(window, sizes);
  const [inputs, outputs, taps] = [sizeOf(sizes), sizeOf(positions), sizeOf(window.kernel)];
  const connections = graph.constant([taps, inputs * outputs], connectionsOf(window, sizes, positions));
  const perChannel = (map: GraphTensor): GraphTensor =>
    reshaped(
      graph,
      transposed(graph, reshaped(graph, map, [batch, channels, sizeOf(map.shape) / (batch * channels)]), [1, 0, 2]),
      [channels, batch, sizeOf(map.shape) / (batch * channels)],
    );
  const perSample = (planes: GraphTensor, shape: readonly number[]): GraphTensor =>
    reshaped(graph, transposed(graph, planes, [1, 0, 2]), shape);
  const rows = reshaped(graph, weight, [channels, taps]);
  const matrix = reshaped(graph, graph.node("Gemm", [rows, connections], [channels, inputs * outputs]), [
    channels,
    inputs,
    outputs,
  ]);
  const maps = perChannel(x);
  const y = perSample(graph.node("MatMul", [maps, matrix], [channels, batch, outputs]), [
    batch,
    channels,
    ...positions,
  ]);
  const product = tape.record(y, [x, weight], (gradient) => {
    const back = perChannel(gradient);
    const fused = { domain: "com.microsoft" };
    const dx = x.isTrained
      ? perSample(graph.node("FusedMatMul", [back, matrix], [channels, batch, inputs], { transB: 1 }, fused), x.shape)
      : undefined;
    if (!weight.isTrained) return [dx];
    const all = graph.node("FusedMatMul", [maps, back], [channels, inputs, outputs], { transA: 1 }, fused);
    const flat = reshaped(graph, all, [channels, inputs * outputs]);
    const dw = graph.node("Gemm", [flat, connections], [channels, taps], { transB: 1 });
    return [dx, reshaped(graph, dw, weight.shape)];
  });
  return bias ? arithmetic(tape, "add", product, reshape(tape, bias, [channels, ...sizes.map(() => 1)])) : product;
}

/** taps × (inputs × outputs): 1 where a tap reads that input for that output. */
function connectionsOf(window: Window, sizes: readonly number[], positions: readonly number[]): Float32Array {
  const { kernel, strides, dilations, padsBegin } = window;
  const [inputs, outputs] = [sizeOf(sizes), sizeOf(positions)];
  const connections = new Float32Array(sizeOf(kernel) * inputs * outputs);
  for (let tap = 0; tap < sizeOf(kernel); tap += 1) {
    const at = unravelled(tap, kernel);
    for (let output = 0; output < outputs; output += 1) {
      const read = unravelled(output, positions).map(
        (position, axis) =>
          position * (strides[axis] ?? 1) + (at[axis] ?? 0) * (dilations[axis] ?? 1) - (padsBegin[axis] ?? 0),
      );
      if (read.some((index, axis) => index < 0 || index >= (sizes[axis] ?? 1))) continue;
      const input = read.reduce((flat, index, axis) => flat * (sizes[axis] ?? 1) + index, 0);
      connections[(tap * inputs + input) * outputs + output] = 1;
    }
  }
  return connections;
}

/** Index along each axis of an element of a row-major tensor. */
function unravelled(flat: number, shape: readonly number[]): readonly number[] {
  let rest = flat;
  return shape
    .toReversed()
    .map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    })
    .toReversed();
}
