import type { ConvForm } from "../../neutral/forms.ts";
import { padsAt } from "../../neutral/window-forms.ts";
import { sizeOf, type GraphTensor } from "../onnx-graph.ts";
import type { Tape, Value } from "../tape.ts";
import { activated } from "./activation.ts";
import { depthwiseByPlanes, suitsPlanes } from "./depthwise-planes.ts";
import { NoGradient, onlyInput, type GradientRules } from "./rule.ts";
import { otherAxes, reshaped, summed, transposed } from "./sums.ts";
import { positionsOf, wayBack, type Window } from "./window.ts";

/** A convolution's settings beside its weight. */
export interface Convolution extends Window {
  readonly groups: number;
}

/** Those of a layer on maps whose sizes the batch tells. */
export function settingsOf(form: ConvForm, x: Value): Convolution {
  const kernel = form.weight.shape.slice(2);
  return { ...form, kernel, ...padsAt(form, kernel, x.shape.slice(2)) };
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
  if (isDepthwise(x, weight, settings) && suitsPlanes(x, settings))
    return depthwiseByPlanes(tape, x, weight, bias, settings);
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

/** One filter for each channel. */
function isDepthwise(x: GraphTensor, weight: GraphTensor, { groups }: Convolution): boolean {
  return groups === x.shape[1] && weight.shape[0] === groups;
}

function inputGradient(
  { graph }: Tape,
  gradient: GraphTensor,
  x: Value,
  weight: Value,
  settings: Convolution,
): GraphTensor {
  const { groups, kernel, strides, dilations, padsBegin } = settings;
  const [, , ...sizes] = x.shape;
  const positions = gradient.shape.slice(2);
  if (!isDepthwise(x, weight, settings) || strides.some((stride) => stride !== 1)) {
    const attributes = wayBack(settings, sizes, positions);
    return graph.node("ConvTranspose", [gradient, weight], x.shape, { ...attributes, group: groups });
  }
  // A ConvTranspose of single channels takes twice as long as a Conv with the kernel turned round.
  const begin = kernel.map((size, axis) => (size - 1) * (dilations[axis] ?? 1) - (padsBegin[axis] ?? 0));
  const end = sizes.map((size, axis) => size - (positions[axis] ?? 1) + (padsBegin[axis] ?? 0));
  if ([...begin, ...end].some((pad) => pad < 0)) {
    const attributes = wayBack(settings, sizes, positions);
    return graph.node("ConvTranspose", [gradient, weight], x.shape, { ...attributes, group: groups });
  }
  return graph.node("Conv", [gradient, turnedRound(graph, weight, kernel)], x.shape, {
    kernel_shape: kernel,
    strides,
    dilations,
    pads: [...begin, ...end],
    group: groups,
  });
}

/** Every spatial axis from its end to its beginning. */
function turnedRound(graph: Tape["graph"], weight: GraphTensor, kernel: readonly number[]): GraphTensor {
  const axes = [...kernel.keys()].map((axis) => axis + 2);
  const last = kernel.map(() => -1);
  const beforeFirst = kernel.map((size) => -size - 1);
  return graph.node(
    "Slice",
    [weight, graph.setting(last), graph.setting(beforeFirst), graph.setting(axes), graph.setting(last)],
    weight.shape,
  );
}

/** @param gradient of the output; in the place of the input it is that of a transposed convolution's weight */
export function weightGradient(
  { graph }: Tape,
  gradient: GraphTensor,
  x: GraphTensor,
  weight: GraphTensor,
  settings: Convolution,
): GraphTensor {
  const { groups, padsBegin, padsEnd } = settings;
  const [batch = 1, channels = 1, ...sizes] = x.shape;
  const padded = sizes.map((size, axis) => size + (padsBegin[axis] ?? 0) + (padsEnd[axis] ?? 0));
  const isPadded = [...padsBegin, ...padsEnd].some((pad) => pad !== 0);
  const pads = [0, 0, ...padsBegin, 0, 0, ...padsEnd];
  const wide = isPadded ? graph.node("Pad", [x, graph.setting(pads)], [batch, channels, ...padded]) : x;
  const isThin = groups === 1 && channels < THIN;
  const taps = isDepthwise(x, weight, settings)
    ? rowProducts(graph, gradient, wide, settings)
    : isThin
      ? tapProductsChannelsLast(graph, gradient, wide, settings)
      : tapProducts(graph, gradient, wide, settings);
  const [outputs = 1, inputs = 1] = weight.shape;
  const [first] = taps;
  if (first !== undefined && taps.length === 1) return reshaped(graph, first, weight.shape);
  const stacked = taps.map((tap) => reshaped(graph, tap, [outputs, inputs, sizeOf(tap.shape) / (outputs * inputs)]));
  const joined = graph.node("Concat", stacked, [outputs, inputs, sizeOf(settings.kernel)], { axis: 2 });
  return reshaped(graph, joined, weight.shape);
}

/** Fewer channels than this are cut out of a map faster where they lie side by side. */
const THIN = 24;

/** Where a tap of the kernel reads: along each axis from begin to before end, in steps. */
function readBy(
  tap: readonly number[],
  positions: readonly number[],
  { strides, dilations }: Convolution,
): readonly (readonly number[])[] {
  const begins = tap.map((at, axis) => at * (dilations[axis] ?? 1));
  const ends = begins.map((begin, axis) => begin + ((positions[axis] ?? 1) - 1) * (strides[axis] ?? 1) + 1);
  return [begins, ends, strides.slice(0, tap.length)];
}

/** The part of a map that a tap reads. @param axes that the kernel moves along */
function cut(
  graph: Tape["graph"],
  map: GraphTensor,
  axes: readonly number[],
  [begins = [], ends = [], steps = []]: readonly (readonly number[])[],
): GraphTensor {
  const shape = map.shape.map((size, axis) => {
    const at = axes.indexOf(axis);
    return at < 0 ? size : Math.ceil(((ends[at] ?? 0) - (begins[at] ?? 0)) / (steps[at] ?? 1));
  });
  if (axes.length === 0 || shape.join() === map.shape.join()) return map;
  const settings = [begins, ends, axes, steps].map((values) => graph.setting(values));
  return graph.node("Slice", [map, ...settings], shape);
}

/**
 * One product for each tap of the kernel: what the tap reads of the input, times the gradient, over all samples and positions. Channels
 * come outermost once, so that taps are cut out of maps that already lie as the product reads them.
 */
function tapProducts(
  graph: Tape["graph"],
  gradient: GraphTensor,
  wide: GraphTensor,
  settings: Convolution,
): readonly GraphTensor[] {
  const { groups, kernel } = settings;
  const [batch = 1, outputs = 1, ...positions] = gradient.shape;
  const [, channels = 1] = wide.shape;
  const axes = positions.map((_, axis) => axis + 2);
  const maps = transposed(graph, wide, [1, 0, ...axes]);
  const elements = batch * sizeOf(positions);
  const right = reshaped(graph, transposed(graph, gradient, [1, 0, ...axes]), [groups, outputs / groups, elements]);
  return tapsOf(kernel).map((tap) => {
    const read = cut(graph, maps, axes, readBy(tap, positions, settings));
    return productOf(graph, right, reshaped(graph, read, [groups, channels / groups, elements]));
  });
}

/** As `tapProducts`, channels innermost. */
function tapProductsChannelsLast(
  graph: Tape["graph"],
  gradient: GraphTensor,
  wide: GraphTensor,
  settings: Convolution,
): readonly GraphTensor[] {
  const [batch = 1, outputs = 1, ...positions] = gradient.shape;
  const [, channels = 1] = wide.shape;
  const spatial = positions.map((_, axis) => axis + 2);
  const axes = positions.map((_, axis) => axis + 1);
  const elements = batch * sizeOf(positions);
  const maps = transposed(graph, wide, [0, ...spatial, 1]);
  const right = reshaped(graph, transposed(graph, gradient, [0, ...spatial, 1]), [elements, outputs]);
  return tapsOf(settings.kernel).map((tap) => {
    const read = cut(graph, maps, axes, readBy(tap, positions, settings));
    const left = reshaped(graph, read, [elements, channels]);
    return graph.node("Gemm", [right, left], [outputs, channels], { transA: 1 });
  });
}

/**
 * Single channels have no product over channels. One product for each row of the kernel, of all columns of the input with all columns of
 * the gradient: the taps of the row are the sums of its diagonals. More is multiplied than is used, but by a matrix product: half the
 * time of a product of elements for each tap, which reads the map nine times.
 */
function rowProducts(
  graph: Tape["graph"],
  gradient: GraphTensor,
  wide: GraphTensor,
  settings: Convolution,
): readonly GraphTensor[] {
  const [batch = 1, channels = 1, ...positions] = gradient.shape;
  const axes = positions.map((_, axis) => axis + 2);
  const [rows, columns] = [positions.slice(0, -1), positions.at(-1) ?? 1];
  const width = wide.shape.at(-1) ?? 1;
  const lines = batch * sizeOf(rows);
  const maps = transposed(graph, wide, [1, 0, ...axes]);
  const right = reshaped(graph, transposed(graph, gradient, [1, 0, ...axes]), [channels, lines, columns]);
  const taps = settings.kernel.at(-1) ?? 1;
  const diagonals = graph.constant([width * columns, taps], diagonalsOf(width, columns, settings));
  return tapsOf(settings.kernel.slice(0, -1)).map((tap) => {
    const read = cut(graph, maps, axes.slice(0, -1), readBy(tap, rows, settings));
    const left = reshaped(graph, read, [channels, lines, width]);
    const all = graph.node("FusedMatMul", [left, right], [channels, width, columns], { transA: 1 }, RUNTIMES_OWN);
    return graph.node("Gemm", [reshaped(graph, all, [channels, width * columns]), diagonals], [channels, taps]);
  });
}

const RUNTIMES_OWN = { domain: "com.microsoft" };

/** 1 where a column of the input meets a column of the gradient through a tap. */
function diagonalsOf(width: number, columns: number, { kernel, strides, dilations }: Convolution): Float32Array {
  const taps = kernel.at(-1) ?? 1;
  const diagonals = new Float32Array(width * columns * taps);
  for (let column = 0; column < columns; column += 1) {
    for (let tap = 0; tap < taps; tap += 1) {
      const from = column * (strides.at(-1) ?? 1) + tap * (dilations.at(-1) ?? 1);
      diagonals[(from * columns + column) * taps + tap] = 1;
    }
  }
  return diagonals;
}

/** groups × outputs × inputs, over the last axis of both. */
function productOf(graph: Tape["graph"], right: GraphTensor, left: GraphTensor): GraphTensor {
  const [groups = 1, outputs = 1, elements = 1] = right.shape;
  const [, inputs = 1] = left.shape;
  if (groups > 1)
    return graph.node("FusedMatMul", [right, left], [groups, outputs, inputs], { transB: 1 }, RUNTIMES_OWN);
  const [a, b] = [reshaped(graph, right, [outputs, elements]), reshaped(graph, left, [inputs, elements])];
  return graph.node("Gemm", [a, b], [outputs, inputs], { transB: 1 });
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
    const x = onlyInput(inputs);
    return [activated(tape, convolution(tape, x, weight, bias, settingsOf(form, x)), form.activation)];
  },
};
