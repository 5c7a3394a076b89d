import type { Dimension, Shape } from "../../../model/shape.ts";
import type { ConvGeometry, Operation } from "../../../operators/operation.ts";
import { inferredType, unknownSizes } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { quotient, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { ShapeError } from "../../../shapes/shape-error.ts";
import { transposedOutput, windowOutput, type Padding } from "../../../shapes/window.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import { ABSENT } from "../../../model/model.ts";
import type { ConvForm, ConvTransposeForm } from "../../../neutral/forms.ts";
import { NotLiftable } from "../../../neutral/native-layer.ts";
import type { Lowering } from "../../../neutral/operator.ts";
import { permutedWeights } from "../../../neutral/stored-weights.ts";
import { convForm, transposedWindow } from "../../../neutral/window-forms.ts";
import { fusedOption } from "../restructure/fused-activation.ts";
import { granularityBefore, keptTensors } from "../restructure/kept-weights.ts";
import type { OperatorWriter } from "../restructure/operator-writer.ts";
import type { TfliteLayer } from "../restructure/tflite-layer.ts";
import { CANONICAL_AXES, STORED_AXES, type ConvOperator } from "../restructure/weight-layouts.ts";
import { inStoredOrder, writeBias, writeWeights } from "../restructure/weight-writer.ts";
import { writePadded } from "../restructure/write-padded.ts";
import { fusedActivation, listInput, ofRank, outputType, type Rules } from "./common.ts";

/** Letters of the options for depth, height and width, as many as there are spatial axes. */
const SPATIAL = { 2: ["h", "w"], 3: ["d", "h", "w"] } as const;
type SpatialRank = keyof typeof SPATIAL;

export function paddingOf(view: NodeView): Padding {
  return view.text("padding", "SAME") === "VALID" ? "valid" : "same-upper";
}

export function stridesOf(view: NodeView, rank: SpatialRank): readonly number[] {
  return SPATIAL[rank].map((axis) => view.int(`stride_${axis}`, 1));
}

function dilationsOf(view: NodeView, rank: SpatialRank): readonly number[] {
  return SPATIAL[rank].map((axis) => view.int(`dilation_${axis}_factor`, 1));
}

/** Axes of a weight tensor. */
interface WeightSizes {
  readonly kernel: readonly Dimension[];
  readonly inChannels: Dimension;
  readonly outChannels: Dimension;
}

type Layout = (weights: Shape) => WeightSizes;

const size = (shape: Shape, axis: number): Dimension => shape[axis] ?? UNKNOWN_SIZE;

/** Output channels, height, width, input channels of one group. */
const OHWI: Layout = (weights) => ({
  kernel: weights.slice(1, 3),
  outChannels: size(weights, 0),
  inChannels: size(weights, 3),
});

/** 1, height, width, channels: each output channel takes one input channel. */
const DEPTHWISE: Layout = (weights) => ({ kernel: weights.slice(1, 3), outChannels: size(weights, 3), inChannels: 1 });

/** Depth, height, width, input channels, output channels. */
const DHWIO: Layout = (weights) => ({
  kernel: weights.slice(0, 3),
  outChannels: size(weights, 4),
  inChannels: size(weights, 3),
});

/** As before, but the forward convolution's: what it takes is what the transposed one puts out. */
const DHWOI: Layout = (weights) => ({
  kernel: weights.slice(0, 3),
  outChannels: size(weights, 3),
  inChannels: size(weights, 4),
});

function convolution(rank: SpatialRank, layout: Layout): OperatorRule {
  return {
    describe: (view) => {
      const input = ofRank(view.shape(0), rank + 2);
      const weights = ofRank(view.shape(1), rank + 2);
      if (input === undefined || weights === undefined)
        return {
          outputs: [inferredType(outputType(view), input && unknownSizes(rank + 2))],
          operation: { kind: "unknown" },
        };
      const geometry = convolved(view, rank, input, layout(weights));
      const { batch, outSpatial, outChannels } = geometry;
      return {
        outputs: [inferredType(outputType(view), [batch, ...outSpatial, outChannels])],
        operation: { kind: "conv", geometry },
      };
    },
  };
}

/** Groups are not said: they are how often the weights' input channels fit in the input's. @throws ShapeError when they do not */
function groupsOf(channels: Dimension, channelsOfGroup: Dimension): Dimension {
  const groups = quotient([channels], [channelsOfGroup]);
  if (typeof groups === "number" && !Number.isInteger(groups)) {
    throw new ShapeError(
      `${String(channels)} input channels do not divide by the ${String(channelsOfGroup)} of the weights`,
    );
  }
  return groups;
}

function convolved(
  view: NodeView,
  rank: SpatialRank,
  input: Shape,
  { kernel, inChannels, outChannels }: WeightSizes,
): ConvGeometry {
  const channels = size(input, rank + 1);
  const strides = stridesOf(view, rank);
  const dilations = dilationsOf(view, rank);
  const padding = paddingOf(view);
  const inSpatial = input.slice(1, -1);
  const outSpatial = kernel.map((extent, axis) =>
    windowOutput(size(inSpatial, axis), {
      kernel: extent,
      stride: strides[axis] ?? 1,
      dilation: dilations[axis] ?? 1,
      padding,
    }),
  );
  return {
    isTransposed: false,
    batch: size(input, 0),
    inChannels: channels,
    outChannels,
    groups: groupsOf(channels, inChannels),
    kernel,
    strides,
    dilations,
    padding: kernel.map(() => padding),
    inSpatial,
    outSpatial,
    hasBias: view.has(2),
    ...fusedActivation(view),
  };
}

/** Where a transposed convolution has its operands. */
interface TransposedInputs {
  readonly data: number;
  readonly weights: number;
  readonly bias: number;
  /** The output's shape, as a tensor; the custom operator has none and takes its size from the padding. */
  readonly outputShape?: number;
}

function transposedConvolution(rank: SpatialRank, layout: Layout, inputs: TransposedInputs): OperatorRule {
  return {
    describe: (view) => {
      const shape = transposed(view, rank, layout, inputs);
      return {
        outputs: [inferredType(outputType(view, 0, view.dataType(inputs.data)), shape)],
        operation: transposedOperation(view, shape, rank, layout, inputs),
      };
    },
    configuration: inputs.outputShape === undefined ? [] : [inputs.outputShape],
  };
}

/**
 * The shape tensor is a constant of the size that the file was converted with. Where it was made by a converter from an input of another
 * size it no longer fits, so that the size is computed from the input instead and a note says so.
 */
function transposed(view: NodeView, rank: SpatialRank, layout: Layout, inputs: TransposedInputs): Shape | undefined {
  const input = ofRank(view.shape(inputs.data), rank + 2);
  const weights = ofRank(view.shape(inputs.weights), rank + 2);
  const asked = inputs.outputShape === undefined ? undefined : listInput(view, inputs.outputShape);
  if (input === undefined || weights === undefined) return asked;
  const { kernel, outChannels } = layout(weights);
  const strides = stridesOf(view, rank);
  if (asked !== undefined && fits(asked.slice(1, -1), input.slice(1, -1), view, { kernel, strides })) {
    return [size(input, 0), ...asked.slice(1, -1), outChannels];
  }
  if (asked !== undefined) view.note("The stored output shape does not fit the input: it is computed from the input.");
  const spatial = kernel.map((extent, axis) =>
    transposedOutput(size(input, axis + 1), {
      kernel: extent,
      stride: strides[axis] ?? 1,
      dilation: 1,
      padding: paddingOf(view),
    }),
  );
  return [size(input, 0), ...spatial, outChannels];
}

/** Whether the convolution that is transposed makes the input's size out of the asked one. */
function fits(
  asked: readonly Dimension[],
  input: readonly Dimension[],
  view: NodeView,
  { kernel, strides }: { readonly kernel: readonly Dimension[]; readonly strides: readonly number[] },
): boolean {
  return asked.every((extent, axis) => {
    const from = input[axis] ?? UNKNOWN_SIZE;
    if (typeof extent !== "number" || typeof from !== "number") return true;
    const window = { kernel: kernel[axis] ?? 1, stride: strides[axis] ?? 1, dilation: 1, padding: paddingOf(view) };
    return windowOutput(extent, window) === from;
  });
}

function transposedOperation(
  view: NodeView,
  output: Shape | undefined,
  rank: SpatialRank,
  layout: Layout,
  inputs: TransposedInputs,
): Operation {
  const input = view.shape(inputs.data);
  const weights = view.shape(inputs.weights);
  if (input === undefined || weights === undefined) return { kind: "unknown" };
  const { kernel, outChannels } = layout(weights);
  const geometry: ConvGeometry = {
    isTransposed: true,
    batch: size(input, 0),
    inChannels: input.at(-1) ?? UNKNOWN_SIZE,
    outChannels,
    groups: 1,
    kernel,
    strides: stridesOf(view, rank),
    dilations: kernel.map(() => 1),
    padding: kernel.map(() => paddingOf(view)),
    inSpatial: input.slice(1, -1),
    outSpatial: output?.slice(1, -1) ?? unknownSizes(rank),
    hasBias: view.has(inputs.bias),
    ...fusedActivation(view),
  };
  return { kind: "conv", geometry };
}

/** @param canonical order of the stored weights' axes in which they are outputs, inputs of a group, height, width */
function liftConv(canonical: readonly number[]): (layer: TfliteLayer) => Lifted {
  return (layer) => {
    const stored = layer.weights(1);
    if (stored.shape.length !== 4) throw new NotLiftable("its weights do not have four axes");
    const weights = { weight: permutedWeights(stored, canonical), bias: layer.optionalWeights(2) };
    return layer.lifted(convForm(layer.operation("conv").geometry, weights, layer.fused()));
  };
}

async function writeConv(form: ConvForm, writer: OperatorWriter): Promise<void> {
  const { weight, bias, strides, dilations, groups } = form;
  const [outputs = 0, , ...kernel] = weight.shape;
  if (kernel.length !== 2) throw writer.error(`TFLite convolves two axes, not ${kernel.length}`);
  const op = operatorOf(form, writer);
  const kept = keptTensors(form, op, writer);
  const weightTensor =
    kept.weight ??
    (await writeWeights(writer, inStoredOrder(weight, STORED_AXES[op]), {
      role: "weight",
      channelAxis: op === "CONV_2D" ? 0 : 3,
      isPerChannel: granularityBefore(writer) !== "tensor",
    }));
  const biasTensor = kept.bias ?? (await writeBias(writer, bias, outputs, weightTensor));
  const { input, padding } = writePadded(form, kernel, writer);
  writer.operator(op, [input, weightTensor, biasTensor], {
    padding,
    stride_w: strides[1] ?? 1,
    stride_h: strides[0] ?? 1,
    ...(op === "DEPTHWISE_CONV_2D" && { depth_multiplier: outputs / groups }),
    ...fusedOption(form.activation),
    dilation_w_factor: dilations[1] ?? 1,
    dilation_h_factor: dilations[0] ?? 1,
  });
}

/** Depthwise when each group is one channel; with one channel altogether both operators do, and a layer stays what it was. */
function operatorOf({ weight, groups }: ConvForm, { layer }: OperatorWriter): ConvOperator {
  const isDepthwise = weight.shape[1] === 1 && (groups > 1 || layer.before?.op === "DEPTHWISE_CONV_2D");
  return isDepthwise ? "DEPTHWISE_CONV_2D" : "CONV_2D";
}

/** Output shape, weights (OHWI), input, bias. The shape names the number of output channels. */
function liftTransposeConv(layer: TfliteLayer): Lifted {
  const stored = layer.weights(1);
  if (stored.shape.length !== 4) throw new NotLiftable("its weights do not have four axes");
  const weight = permutedWeights(stored, CANONICAL_AXES.TRANSPOSE_CONV);
  const form: ConvTransposeForm = {
    kind: "conv-transpose",
    weight,
    window: transposedWindow(layer.operation("conv").geometry, weight.shape.slice(2)),
    bias: layer.optionalWeights(3),
    groups: 1,
    keepsChannels: layer.view.input(0).constant === undefined ? "computes the shape of its output" : undefined,
    activation: layer.fused(),
  };
  return layer.lifted(form, [2]);
}

/** As it was, with other weights; the shape of its output names its channels. */
async function writeConvTranspose(form: ConvTransposeForm, writer: OperatorWriter): Promise<void> {
  const { before } = writer.layer;
  const shape = writer.draft.lifted[before?.node.inputs[0] ?? ABSENT];
  if (before === undefined || shape === undefined) throw writer.error("a transposed convolution cannot be made anew");
  const { weight, bias } = form;
  const [, outputs = 0] = weight.shape;
  const { form: old, node } = before;
  const isSame = old.kind === "conv-transpose" && old.weight === weight;
  const kernel = {
    role: "weight",
    channelAxis: 0,
    isPerChannel: old.kind === "conv-transpose" && old.weight.quantization?.granularity !== "tensor",
  };
  const [shapeTensor = ABSENT, weightBefore = ABSENT] = node.inputs;
  const weightTensor = isSame
    ? weightBefore
    : await writeWeights(writer, inStoredOrder(weight, STORED_AXES.TRANSPOSE_CONV), kernel);
  const biasTensor = bias && (await writeBias(writer, bias, outputs, weightTensor));
  const sizes = await shape.constant?.read();
  const shapeNow =
    sizes === undefined || sizes.at(-1) === outputs
      ? shapeTensor
      : writer.setting("output-shape", [...sizes.slice(0, -1), outputs]);
  writer.operator(
    "TRANSPOSE_CONV",
    [shapeNow, weightTensor, writer.input, ...(biasTensor === undefined ? [] : [biasTensor])],
    fusedOption(form.activation),
  );
}

export const WRITE_CONVOLUTION: Lowering<OperatorWriter> = { conv: writeConv, "conv-transpose": writeConvTranspose };

/** Convolutions; activations are laid out batch, spatial axes, channels. */
export const CONVOLUTION: Rules = {
  CONV_2D: { ...convolution(2, OHWI), lift: liftConv(CANONICAL_AXES.CONV_2D) },
  DEPTHWISE_CONV_2D: { ...convolution(2, DEPTHWISE), lift: liftConv(CANONICAL_AXES.DEPTHWISE_CONV_2D) },
  CONV_3D: convolution(3, DHWIO),
  TRANSPOSE_CONV: {
    ...transposedConvolution(2, OHWI, { outputShape: 0, weights: 1, data: 2, bias: 3 }),
    lift: liftTransposeConv,
  },
  CONV_3D_TRANSPOSE: transposedConvolution(3, DHWOI, { outputShape: 0, weights: 1, data: 2, bias: 3 }),
};

/** MediaPipe's transposed convolution with a bias: data, weights, bias. */
export const TRANSPOSE_CONV_BIAS = transposedConvolution(2, OHWI, { data: 0, weights: 1, bias: 2 });
