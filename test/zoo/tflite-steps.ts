import {
  ActivationFunctionType,
  AddOptionsT,
  BatchMatMulOptionsT,
  ConcatenationOptionsT,
  Conv2DOptionsT,
  DepthwiseConv2DOptionsT,
  FullyConnectedOptionsT,
  GatherOptionsT,
  GeluOptionsT,
  LocalResponseNormalizationOptionsT,
  MulOptionsT,
  Padding,
  Pool2DOptionsT,
  ReducerOptionsT,
  ReshapeOptionsT,
  ResizeNearestNeighborOptionsT,
  SoftmaxOptionsT,
  StridedSliceOptionsT,
  TransposeConvOptionsT,
} from "../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import type { OperatorSpec } from "../builders/tflite-builder.ts";
import {
  at,
  elements,
  imageShape,
  type FusedActivation,
  type Step,
  type StepOf,
  type StepTable,
  type Value,
} from "./network.ts";
import type { ActivationName, Pads, Weight, Window } from "./network.ts";
import { permuted, stored, type StoredWeight } from "./weights.ts";
import { samePads } from "./windows.ts";

type OperatorName = Extract<OperatorSpec["op"], string>;

/** What a step writes to: the subgraph that is being made. Tensors go by their names. */
export interface TfliteContext {
  readonly nameOf: (value: Value) => string;
  /** Declares the tensor that a step computes. */
  readonly output: (value: Value) => string;
  /** Declares what a step computes as numbers that are there already. */
  readonly constant: (value: Value, weight: StoredWeight) => string;
  readonly intermediate: (name: string, shape: readonly number[]) => string;
  readonly weight: (weight: StoredWeight) => string;
  readonly integers: (name: string, shape: readonly number[], values: readonly number[]) => string;
  readonly float: (name: string, value: number) => string;
  readonly operator: (
    op: OperatorName,
    inputs: readonly string[],
    output: string,
    options?: OperatorSpec["options"],
  ) => void;
}

const ACTIVATIONS: Readonly<Record<ActivationName, OperatorName>> = {
  relu: "RELU",
  relu6: "RELU6",
  sigmoid: "LOGISTIC",
  gelu: "GELU",
  tanh: "TANH",
};

const FUSED: Readonly<Record<FusedActivation, ActivationFunctionType>> = {
  relu: ActivationFunctionType.RELU,
  relu6: ActivationFunctionType.RELU6,
};

/** A depthwise filter [out, 1, kernel…] to [1, kernel…, out], a transposed one [in, out, kernel…] to [out, kernel…, in]. */
const FIRST_TO_LAST = [1, 2, 3, 0];
/** Any other filter [out, in, kernel…] to [out, kernel…, in]. */
const CHANNELS_TO_LAST = [0, 2, 3, 1];

/** Smallest float: the neutral element of a maximum. */
const LOWEST_FLOAT = -3.4028234663852886e38;

/** Every kind of step as TFLite operators. */
export const TFLITE_STEPS: StepTable<TfliteContext> = {
  conv: (step, tflite) => {
    const { window, groups } = step;
    const [kernel, bias] = step.weights;
    if (kernel === undefined) throw new Error(`${step.name} has no weight`);
    const [x, padding] = padded(step, window, tflite, "zero");
    const [, channels] = imageShape(at(step.inputs, 0));
    const isDepthwise = groups === channels && groups > 1;
    // Grouped otherwise: the filter's last dimension is the channels of one group, and the runtime sees that it is smaller.
    const filter = tflite.weight(permuted(kernel, isDepthwise ? FIRST_TO_LAST : CHANNELS_TO_LAST));
    const inputs = [x, filter, ...biasOf(bias, tflite)];
    const common = {
      ...strides(window),
      ...fused(step),
      padding,
      dilationHFactor: window.dilation[0],
      dilationWFactor: window.dilation[1],
    };
    const output = tflite.output(step.output);
    if (isDepthwise) {
      const depthMultiplier = at(step.output.shape, 1) / channels;
      tflite.operator(
        "DEPTHWISE_CONV_2D",
        inputs,
        output,
        Object.assign(new DepthwiseConv2DOptionsT(), { ...common, depthMultiplier }),
      );
    } else tflite.operator("CONV_2D", inputs, output, Object.assign(new Conv2DOptionsT(), common));
  },
  transposedConv: (step, tflite) => {
    const [kernel, bias] = step.weights;
    if (kernel === undefined) throw new Error(`${step.name} has no weight`);
    const shape = tflite.integers(`${step.name}/shape`, [4], nhwc(step.output));
    const filter = tflite.weight(permuted(kernel, FIRST_TO_LAST));
    const options = { ...strides(step.window), padding: Padding.SAME };
    const inputs = [shape, filter, tflite.nameOf(at(step.inputs, 0)), ...biasOf(bias, tflite)];
    tflite.operator(
      "TRANSPOSE_CONV",
      inputs,
      tflite.output(step.output),
      Object.assign(new TransposeConvOptionsT(), options),
    );
  },
  dense: (step, tflite) => {
    const [kernel, bias] = step.weights;
    if (kernel === undefined) throw new Error(`${step.name} has no weight`);
    // The image was flattened with its channels last.
    const [out] = kernel.shape;
    const flattened = step.image && {
      ...permuted(kernel, CHANNELS_TO_LAST, [out ?? 0, ...step.image]),
      shape: kernel.shape,
    };
    const filter = tflite.weight(flattened ?? stored(kernel));
    const inputs = [tflite.nameOf(at(step.inputs, 0)), filter, ...biasOf(bias, tflite)];
    const options = { ...fused(step), keepNumDims: step.output.shape.length > 2 };
    tflite.operator(
      "FULLY_CONNECTED",
      inputs,
      tflite.output(step.output),
      Object.assign(new FullyConnectedOptionsT(), options),
    );
  },
  batchNorm: (step) => {
    throw new Error(`${step.name}: TFLite has no batch normalisation; fold it first`);
  },
  affine: (step, tflite) => scaleAndShift(step, tflite, tflite.nameOf(at(step.inputs, 0))),
  layerNorm: (step, tflite) => {
    // As converters write it: centred, divided by the root of the mean square, scaled and shifted.
    const { name } = step;
    const x = tflite.nameOf(at(step.inputs, 0));
    const whole = step.output.shape;
    const one = [...whole.slice(0, -1), 1];
    const last = tflite.integers(`${name}/axis`, [1], [whole.length - 1]);
    const then = (op: OperatorName, label: string, shape: readonly number[], inputs: readonly string[]): string => {
      const result = tflite.intermediate(`${name}/${label}`, shape);
      tflite.operator(op, inputs, result, op === "MEAN" ? new ReducerOptionsT(true) : undefined);
      return result;
    };
    const mean = then("MEAN", "mean", one, [x, last]);
    const centred = then("SUB", "centred", whole, [x, mean]);
    const squares = then("SQUARED_DIFFERENCE", "squares", whole, [x, mean]);
    const variance = then("MEAN", "variance", one, [squares, last]);
    const guarded = then("ADD", "guarded", one, [variance, tflite.float(`${name}/epsilon`, 1e-5)]);
    const inverse = then("RSQRT", "inverse", one, [guarded]);
    scaleAndShift(step, tflite, then("MUL", "normalised", whole, [centred, inverse]));
  },
  lrn: (step, tflite) => {
    // ONNX and Caffe divide alpha by the window's size; TensorFlow does not.
    const options = new LocalResponseNormalizationOptionsT(
      (step.size - 1) / 2,
      step.bias,
      step.alpha / step.size,
      step.beta,
    );
    single(step, tflite, "LOCAL_RESPONSE_NORMALIZATION", options);
  },
  pool: (step, tflite) => {
    const { window } = step;
    const fill = step.mode === "max" ? "lowest" : step.countsPadding ? "zero" : "nothing";
    const [x, padding] = padded(step, window, tflite, fill);
    const options = { ...strides(window), padding, filterHeight: window.kernel[0], filterWidth: window.kernel[1] };
    const op = step.mode === "max" ? "MAX_POOL_2D" : "AVERAGE_POOL_2D";
    tflite.operator(op, [x], tflite.output(step.output), Object.assign(new Pool2DOptionsT(), options));
  },
  unpool: (step, tflite) => {
    // TFLite has no max-unpooling: the substitute that ENet's mobile ports take, nearest neighbour, costs as many products (none).
    const [, , height, width] = imageShape(step.output);
    const size = tflite.integers(`${step.name}/size`, [2], [height, width]);
    const inputs = [tflite.nameOf(at(step.inputs, 0)), size];
    tflite.operator("RESIZE_NEAREST_NEIGHBOR", inputs, tflite.output(step.output), new ResizeNearestNeighborOptionsT());
  },
  globalPool: (step, tflite) => {
    const axes = tflite.integers(`${step.name}/axes`, [2], [1, 2]);
    tflite.operator(
      "MEAN",
      [tflite.nameOf(at(step.inputs, 0)), axes],
      tflite.output(step.output),
      new ReducerOptionsT(true),
    );
  },
  activation: (step, tflite) =>
    single(step, tflite, ACTIVATIONS[step.activation], step.activation === "gelu" ? new GeluOptionsT() : undefined),
  prelu: (step, tflite) => {
    const slopes = at(step.weights, 0);
    const alpha = tflite.weight(stored(slopes, [1, 1, elements(slopes.shape)]));
    tflite.operator("PRELU", [tflite.nameOf(at(step.inputs, 0)), alpha], tflite.output(step.output));
  },
  softmax: (step, tflite) => single(step, tflite, "SOFTMAX", new SoftmaxOptionsT(1)),
  binary: (step, tflite) => {
    const options = Object.assign(step.op === "add" ? new AddOptionsT() : new MulOptionsT(), fused(step));
    single(step, tflite, step.op === "add" ? "ADD" : "MUL", options);
  },
  scale: (step, tflite) => single(step, tflite, "MUL", new MulOptionsT()),
  concat: (step, tflite) => single(step, tflite, "CONCATENATION", new ConcatenationOptionsT(3)),
  shuffle: (step, tflite) => {
    const { name, groups } = step;
    const [n, channels, height, width] = imageShape(step.output);
    const apart = [height, width, groups, channels / groups];
    const swapped = [height, width, channels / groups, groups];
    const split = tflite.intermediate(`${name}/split`, [n, ...apart]);
    reshape(tflite, `${name}/apart`, tflite.nameOf(at(step.inputs, 0)), split, apart);
    const crossed = tflite.intermediate(`${name}/crossed`, [n, ...swapped]);
    tflite.operator("TRANSPOSE", [split, tflite.integers(`${name}/permutation`, [5], [0, 1, 2, 4, 3])], crossed);
    reshape(tflite, `${name}/together`, crossed, tflite.output(step.output), [height, width, channels]);
  },
  flatten: (step, tflite) => reshapeTo(step, tflite),
  pad: (step, tflite) => {
    const pads = step.before.map((before, axis) => [before, at(step.after, axis)]);
    const ordered = channelsLast(pads, step.output);
    const paddings = tflite.integers(`${step.name}/paddings`, [pads.length, 2], ordered.flat());
    tflite.operator("PAD", [tflite.nameOf(at(step.inputs, 0)), paddings], tflite.output(step.output));
  },
  slice: (step, tflite) => {
    const starts = channelsLast(step.starts, step.output);
    const begin = tflite.integers(`${step.name}/begin`, [starts.length], starts);
    const size = tflite.integers(
      `${step.name}/size`,
      [starts.length],
      starts.map(() => -1),
    );
    tflite.operator("SLICE", [tflite.nameOf(at(step.inputs, 0)), begin, size], tflite.output(step.output));
  },
  transpose: (step, tflite) => {
    if (step.output.layout === "image") throw new Error(`${step.name}: only plain tensors are transposed`);
    const permutation = tflite.integers(`${step.name}/permutation`, [step.permutation.length], step.permutation);
    tflite.operator("TRANSPOSE", [tflite.nameOf(at(step.inputs, 0)), permutation], tflite.output(step.output));
  },
  splitHeads: (step, tflite) => reshapeTo(step, tflite),
  mergeHeads: (step, tflite) => reshapeTo(step, tflite),
  matmul: (step, tflite) => single(step, tflite, "BATCH_MATMUL", new BatchMatMulOptionsT()),
  embedding: (step, tflite) => {
    const table = tflite.weight(stored(at(step.weights, 0)));
    tflite.operator(
      "GATHER",
      [table, tflite.nameOf(at(step.inputs, 0))],
      tflite.output(step.output),
      new GatherOptionsT(),
    );
  },
  positions: (step, tflite) => {
    tflite.constant(step.output, stored(at(step.weights, 0)));
  },
  firstToken: (step, tflite) => {
    const { name } = step;
    const bounds = [
      tflite.integers(`${name}/begin`, [3], [0, 0, 0]),
      tflite.integers(`${name}/end`, [3], [0, 1, 0]),
      tflite.integers(`${name}/strides`, [3], [1, 1, 1]),
    ];
    // Bits by axis: all of the batch and the width, and the sequence's axis goes.
    const options = Object.assign(new StridedSliceOptionsT(), {
      beginMask: 0b101,
      endMask: 0b101,
      shrinkAxisMask: 0b010,
    });
    const inputs = [tflite.nameOf(at(step.inputs, 0)), ...bounds];
    tflite.operator("STRIDED_SLICE", inputs, tflite.output(step.output), options);
  },
};

/** A value's shape as TFLite has it: images N×H×W×C. */
export function nhwc(value: Value): readonly number[] {
  return channelsLast(value.shape, value);
}

function channelsLast<Item>(items: readonly Item[], { layout }: Value): readonly Item[] {
  return layout === "image" ? CHANNELS_TO_LAST.map((axis) => at(items, axis)) : items;
}

function single(step: Step, tflite: TfliteContext, op: OperatorName, options?: OperatorSpec["options"]): void {
  const weights = step.weights.map((weight) => tflite.weight(stored(weight)));
  tflite.operator(op, [...step.inputs.map(tflite.nameOf), ...weights], tflite.output(step.output), options);
}

/** A third input, or none: kernels take even an omitted one for a bias. */
function biasOf(bias: Weight | undefined, tflite: TfliteContext): readonly string[] {
  return bias === undefined ? [] : [tflite.weight(stored(bias))];
}

function scaleAndShift(step: Step, tflite: TfliteContext, x: string): void {
  const [factor = "", shift = ""] = step.weights.map((weight) => tflite.weight(stored(weight)));
  const scaled = tflite.intermediate(`${step.name}/scaled`, nhwc(step.output));
  tflite.operator("MUL", [x, factor], scaled, new MulOptionsT());
  tflite.operator("ADD", [scaled, shift], tflite.output(step.output), new AddOptionsT());
}

function reshapeTo(step: Step, tflite: TfliteContext): void {
  const x = tflite.nameOf(at(step.inputs, 0));
  reshape(tflite, `${step.name}/shape`, x, tflite.output(step.output), step.output.shape.slice(1));
}

/** The batch stays open, so that an input of another batch goes through. */
function reshape(tflite: TfliteContext, name: string, from: string, to: string, sample: readonly number[]): void {
  const shape = [-1, ...sample];
  const options = Object.assign(new ReshapeOptionsT(), { newShape: shape });
  tflite.operator("RESHAPE", [from, tflite.integers(name, [shape.length], shape)], to, options);
}

function strides({ stride }: Window): { readonly strideH: number; readonly strideW: number } {
  return { strideH: stride[0], strideW: stride[1] };
}

function fused({ activation }: { readonly activation?: FusedActivation }): {
  readonly fusedActivationFunction: ActivationFunctionType;
} {
  return { fusedActivationFunction: activation === undefined ? ActivationFunctionType.NONE : FUSED[activation] };
}

/**
 * TFLite pads a window not at all or by its own rule; any other padding is an operator in front. An average by its rule leaves the
 * padding out ("nothing"); where zeros are to be counted they have to be there.
 */
function padded(
  step: StepOf<"conv" | "pool">,
  window: Window,
  tflite: TfliteContext,
  fill: "zero" | "lowest" | "nothing",
): readonly [string, Padding] {
  const x = at(step.inputs, 0);
  const pads = neededPads(x, step.output, window);
  if (pads.every((pad) => pad === 0)) return [tflite.nameOf(x), Padding.VALID];
  const [n, channels, height, width] = imageShape(x);
  const same = samePads([height, width], window);
  const countsZeros = step.kind === "pool" && fill === "zero";
  if (!countsZeros && pads.every((pad, side) => pad === same[side])) return [tflite.nameOf(x), Padding.SAME];
  if (fill === "nothing") throw new Error(`${step.name}: TFLite cannot leave this padding out of an average`);
  const [top, left, bottom, right] = pads;
  const result = tflite.intermediate(`${step.name}/padded`, [n, top + height + bottom, left + width + right, channels]);
  const paddings = tflite.integers(`${step.name}/paddings`, [4, 2], [0, 0, top, bottom, left, right, 0, 0]);
  const inputs = [tflite.nameOf(x), paddings];
  if (fill === "zero") tflite.operator("PAD", inputs, result);
  else tflite.operator("PADV2", [...inputs, tflite.float(`${step.name}/lowest`, LOWEST_FLOAT)], result);
  return [result, Padding.VALID];
}

/** The pads in front, and behind only what the last window reaches: less than the paper's own, or more with ceil mode. */
function neededPads(x: Value, output: Value, { kernel, stride, pads, dilation }: Window): Pads {
  const behind = ([0, 1] as const).map((axis) => {
    const last = (at(output.shape, axis + 2) - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1;
    return Math.max(last - at(x.shape, axis + 2) - pads[axis], 0);
  });
  return [pads[0], pads[1], behind[0] ?? 0, behind[1] ?? 0];
}
