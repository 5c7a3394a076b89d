import type { ConvForm } from "../../restructure/lift/forms.ts";
import { sizeOf, type GraphTensor } from "../onnx-graph.ts";
import type { Tape, Value } from "../tape.ts";
import { activated } from "./activation.ts";
import { NoGradient, onlyInput, type GradientRules } from "./rule.ts";
import { otherAxes, reshaped, summed, transposed } from "./sums.ts";
import { positionsOf, wayBack, type Motion } from "./window.ts";

/** A convolution's settings beside its weight. */
export interface Convolution extends Motion {
  readonly groups: number;
}

/** @param weight outputs × inputs/groups × kernel… */
export function convolution(
  tape: Tape,
  x: Value,
  weight: Value,
  bias: Value | undefined,
  settings: Convolution,
): Value {
  const { graph } = tape;
  const [batch = 1, , ...sizes] = x.shape;
  const [outputs = 1] = weight.shape;
  const positions = positionsOf(settings, sizes);
  if (positions.some((size) => size < 1)) throw new NoGradient("its kernel is larger than its input");
  const shape = [batch, outputs, ...positions];
  const operands = [x, weight, ...(bias ? [bias] : [])];
  const y = graph.node("Conv", operands, shape, {
    kernel_shape: settings.kernel,
    strides: settings.strides,
    dilations: settings.dilations,
    pads: [...settings.padsBegin, ...settings.padsEnd],
    group: settings.groups,
  });
  return tape.record(y, operands, (gradient) => [
    x.isTrained ? inputGradient(tape, gradient, x, weight, settings) : undefined,
    weight.isTrained ? weightGradient(tape, gradient, x, weight, settings) : undefined,
    bias?.isTrained === true ? summed(graph, gradient, otherAxes(shape)) : undefined,
  ]);
}

function inputGradient(
  { graph }: Tape,
  gradient: GraphTensor,
  x: Value,
  weight: Value,
  settings: Convolution,
): GraphTensor {
  const [, , ...sizes] = x.shape;
  const attributes = wayBack(settings, sizes, gradient.shape.slice(2));
  return graph.node("ConvTranspose", [gradient, weight], x.shape, { ...attributes, group: settings.groups });
}

/**
 * One product for each tap of the kernel: what the tap reads of the input, times the gradient, over all samples and positions. Channels
 * come outermost once, so that taps are cut out of maps that already lie as the product reads them.
 */
function weightGradient(
  { graph }: Tape,
  gradient: GraphTensor,
  x: Value,
  weight: Value,
  settings: Convolution,
): GraphTensor {
  const { groups, kernel, strides, dilations, padsBegin, padsEnd } = settings;
  const [batch = 1, channels = 1, ...sizes] = x.shape;
  const [, outputs = 1, ...positions] = gradient.shape;
  const inner = [...sizes.keys()].map((axis) => axis + 2);
  const padded = sizes.map((size, axis) => size + (padsBegin[axis] ?? 0) + (padsEnd[axis] ?? 0));
  const isPadded = [...padsBegin, ...padsEnd].some((pad) => pad !== 0);
  const pads = [0, 0, ...padsBegin, 0, 0, ...padsEnd];
  const wide = isPadded ? graph.node("Pad", [x, graph.setting(pads)], [batch, channels, ...padded]) : x;
  const maps = transposed(graph, wide, [1, 0, ...inner]);
  const elements = batch * sizeOf(positions);
  const right = reshaped(graph, transposed(graph, gradient, [1, 0, ...inner]), [groups, outputs / groups, elements]);
  const taps = tapsOf(kernel).map((tap) => {
    const begins = tap.map((at, axis) => at * (dilations[axis] ?? 1));
    const ends = begins.map((begin, axis) => begin + ((positions[axis] ?? 1) - 1) * (strides[axis] ?? 1) + 1);
    const read = [channels, batch, ...positions];
    const isAll = read.join() === maps.shape.join();
    const cut = isAll
      ? maps
      : graph.node(
          "Slice",
          [maps, graph.setting(begins), graph.setting(ends), graph.setting(inner), graph.setting(strides)],
          read,
        );
    const left = reshaped(graph, cut, [groups, channels / groups, elements]);
    return productOf(graph, right, left);
  });
  const [first] = taps;
  if (first !== undefined && taps.length === 1) return reshaped(graph, first, weight.shape);
  const stacked = taps.map((tap) => reshaped(graph, tap, [outputs, channels / groups, 1]));
  const joined = graph.node("Concat", stacked, [outputs, channels / groups, taps.length], { axis: 2 });
  return reshaped(graph, joined, weight.shape);
}

/** groups × outputs × inputs, over the last axis of both. */
function productOf(graph: Tape["graph"], right: GraphTensor, left: GraphTensor): GraphTensor {
  const [groups = 1, outputs = 1, elements = 1] = right.shape;
  const [, inputs = 1] = left.shape;
  const shape = [groups, outputs, inputs];
  if (groups === 1) {
    const [a, b] = [reshaped(graph, right, [outputs, elements]), reshaped(graph, left, [inputs, elements])];
    return reshaped(graph, graph.node("Gemm", [a, b], [outputs, inputs], { transB: 1 }), shape);
  }
  if (outputs === 1 && inputs === 1) {
    const both = graph.node("Mul", [right, left], right.shape);
    return graph.node("ReduceSum", [both, graph.setting([2])], shape, { keepdims: 1 });
  }
  return graph.node("FusedMatMul", [right, left], shape, { transB: 1 }, { domain: "com.microsoft" });
}

/** Positions in a kernel, the last axis fastest. */
function tapsOf(kernel: readonly number[]): readonly (readonly number[])[] {
  let taps: readonly (readonly number[])[] = [[]];
  for (const size of kernel) taps = taps.flatMap((tap) => Array.from({ length: size }, (_, at) => [...tap, at]));
  return taps;
}

export const CONVOLUTION_RULES: GradientRules = {
  conv: (form: ConvForm, inputs, { tape, weights }) => {
    const weight = weights("weight", form.weight);
    const bias = form.bias && weights("bias", form.bias);
    const settings = { ...form, kernel: form.weight.shape.slice(2) };
    return [activated(tape, convolution(tape, onlyInput(inputs), weight, bias, settings), form.activation)];
  },
};
