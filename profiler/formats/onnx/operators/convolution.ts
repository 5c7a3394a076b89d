import type { DataType } from "../../../model/data-type.ts";
import type { TensorId } from "../../../model/model.ts";
import type { Dimension, Shape } from "../../../model/shape.ts";
import type { ConvGeometry } from "../../../operators/operation.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { ConvForm, ConvTransposeForm } from "../../../neutral/forms.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import type { Lowering, Operator, Operators } from "../../../neutral/operator.ts";
import { permutedWeights } from "../../../neutral/stored-weights.ts";
import { turned } from "../../../neutral/weight-rows.ts";
import type { Weights } from "../../../neutral/weights.ts";
import { convForm, transposedWindow } from "../../../neutral/window-forms.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { multiply, subtract, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { ShapeError } from "../../../shapes/shape-error.ts";
import { transposedOutput, windowOutput } from "../../../shapes/window.ts";
import type { NodeWriter } from "../restructure/node-writer.ts";
import { fusedActivation } from "./fused-activation.ts";
import {
  fromSpatial,
  layoutByFlag,
  padsAttribute,
  windowsOf,
  toSpatial,
  type Layout,
  type WindowStep,
} from "./spatial.ts";

/** Where a convolution operator has its operands, and in which it differs from Conv. */
export interface ConvolutionForm {
  /** Positions of inputs; by default as in Conv. */
  readonly input?: number;
  readonly weight?: number;
  readonly bias?: number;
  readonly layout?: (view: NodeView) => Layout;
  /** Default: the input's. */
  readonly outputType?: (view: NodeView) => DataType | undefined;
  readonly isTransposed?: true;
  /** Activations are blocked: channels are filled up to whole blocks, which the weights count and the input's shape may not. */
  readonly hasBlockedChannels?: true;
  /** Position of an input that stands for the attribute `pads`. */
  readonly padsInput?: number;
  readonly configuration?: readonly number[];
}

/**
 * Rule of a convolution. Weights are outChannels×inChannels/groups×kernel, transposed ones inChannels×outChannels/groups×kernel, also
 * where the activations have their channels last.
 * Source: ONNX, Conv and ConvTranspose.
 */
export function convolution(form: ConvolutionForm = {}): OperatorRule {
  return {
    describe: (view) => {
      const geometry = solve(view, form);
      const { batch, outChannels, outSpatial } = geometry ?? UNKNOWN_CONVOLUTION;
      return {
        outputs: [
          {
            dataType: form.outputType ? form.outputType(view) : view.dataType(form.input ?? 0),
            shape: geometry && fromSpatial({ batch, channels: outChannels, sizes: outSpatial }, form.layout?.(view)),
          },
        ],
        operation: { kind: "conv", geometry: { ...(geometry ?? unsolved(view, form)), ...fusedActivation(view) } },
      };
    },
    ...(form.configuration && { configuration: form.configuration }),
  };
}

const UNKNOWN_CONVOLUTION: ConvGeometry = {
  isTransposed: false,
  hasBias: false,
  batch: UNKNOWN_SIZE,
  inChannels: UNKNOWN_SIZE,
  outChannels: UNKNOWN_SIZE,
  groups: UNKNOWN_SIZE,
  kernel: [],
  strides: [],
  dilations: [],
  padding: [],
  inSpatial: [],
  outSpatial: [],
};

function unsolved(view: NodeView, form: ConvolutionForm): ConvGeometry {
  return { ...UNKNOWN_CONVOLUTION, isTransposed: form.isTransposed === true, hasBias: view.has(form.bias ?? 2) };
}

/** Everything about the convolution, from the shapes of its input and weight; undefined without the input's rank. */
function solve(view: NodeView, form: ConvolutionForm): ConvGeometry | undefined {
  const inputShape = view.shape(form.input ?? 0);
  const weight = view.shape(form.weight ?? 1);
  if (inputShape === undefined) return undefined;
  const image = toSpatial(inputShape, form.layout?.(view));
  const kernel: Shape = weight?.slice(2) ?? view.ints("kernel_shape") ?? image.sizes.map(() => UNKNOWN_SIZE);
  if (kernel.length !== image.sizes.length) {
    throw new ShapeError(`a kernel of ${kernel.length} axes on [${inputShape.join(", ")}]`);
  }
  const groups = view.int("group", 1);
  const pads = form.padsInput === undefined ? undefined : view.numbers(form.padsInput);
  const windows = windowsOf(view, kernel.length, pads);
  const outSpatial = form.isTransposed
    ? transposedSizes(view, image.sizes, kernel, windows)
    : image.sizes.map((size, axis) => {
        const { stride, dilation, padding } = windowAt(windows, axis);
        return windowOutput(size, { kernel: kernel[axis] ?? UNKNOWN_SIZE, stride, dilation, padding });
      });
  return {
    isTransposed: form.isTransposed === true,
    hasBias: view.has(form.bias ?? 2),
    batch: image.batch,
    inChannels: inputChannels(image.channels, weight, groups, form),
    outChannels: outputChannels(weight, groups, form),
    groups,
    kernel,
    strides: windows.map(({ stride }) => stride),
    dilations: windows.map(({ dilation }) => dilation),
    padding: windows.map(({ padding }) => padding),
    inSpatial: image.sizes,
    outSpatial,
  };
}

function inputChannels(
  channels: Dimension,
  weight: Shape | undefined,
  groups: number,
  { isTransposed, hasBlockedChannels }: ConvolutionForm,
): Dimension {
  const wanted = isTransposed ? weight?.[0] : weight?.[1] && multiply(weight[1], groups);
  if (typeof channels !== "number" || hasBlockedChannels) return wanted ?? channels;
  if (typeof wanted === "number" && wanted !== channels) {
    throw new ShapeError(`weights for ${wanted} channels on an input of ${channels}`);
  }
  return channels;
}

function outputChannels(weight: Shape | undefined, groups: number, { isTransposed }: ConvolutionForm): Dimension {
  return isTransposed ? multiply(weight?.[1] ?? UNKNOWN_SIZE, groups) : (weight?.[0] ?? UNKNOWN_SIZE);
}

/** `output_shape` wins: then the padding follows from it. It may hold batch and channels before the spatial sizes. */
function transposedSizes(
  view: NodeView,
  sizes: readonly Dimension[],
  kernel: Shape,
  windows: readonly WindowStep[],
): readonly Dimension[] {
  const asked = view.ints("output_shape");
  if (asked && asked.length >= sizes.length && sizes.length > 0) return asked.slice(-sizes.length);
  const outputPadding = view.ints("output_padding");
  return sizes.map((size, axis) =>
    transposedOutput(size, {
      ...windowAt(windows, axis),
      kernel: kernel[axis] ?? UNKNOWN_SIZE,
      outputPadding: outputPadding?.[axis] ?? 0,
    }),
  );
}

function windowAt(windows: readonly WindowStep[], axis: number): WindowStep {
  return windows[axis] ?? { stride: 1, dilation: 1, padding: "valid" };
}

/** The quantized convolution: x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, B. */
export const QLINEAR_CONVOLUTION: OperatorRule = convolution({
  weight: 3,
  bias: 8,
  layout: layoutByFlag,
  outputType: (view) => view.dataType(7) ?? view.dataType(0),
  configuration: [1, 2, 4, 5, 6, 7],
});

/** Depthwise along time, with the last inputs of the run before it as state: the output is as long as the input. */
export const CAUSAL_CONVOLUTION: OperatorRule = {
  describe: (view) => {
    const dataType = view.dataType(0);
    const shape = view.shape(0);
    const axes = view.int("ndim", 1);
    const isLast = view.flag("channels_last");
    const sizes = isLast ? shape?.slice(1, 2) : shape?.slice(-axes);
    const channels = view.shape(1)?.[0] ?? shape?.[1] ?? UNKNOWN_SIZE;
    const kernel = view.shape(1)?.slice(2) ?? [UNKNOWN_SIZE];
    return {
      outputs: [
        { dataType, shape },
        { dataType: view.dataType(3) ?? dataType, shape: view.shape(3) ?? causalState(view, shape) },
      ],
      operation: {
        kind: "conv",
        geometry: {
          ...UNKNOWN_CONVOLUTION,
          ...fusedActivation(view),
          hasBias: view.has(2),
          batch: shape?.[0] ?? UNKNOWN_SIZE,
          inChannels: channels,
          outChannels: channels,
          groups: channels,
          kernel,
          strides: kernel.map(() => 1),
          dilations: kernel.map((_, axis) => (axis === kernel.length - 1 ? view.int("dilation", 1) : 1)),
          inSpatial: sizes ?? [],
          outSpatial: sizes ?? [],
        },
      },
    };
  },
};

function causalState(view: NodeView, shape: Shape | undefined): Shape | undefined {
  if (shape === undefined) return undefined;
  const reach = multiply(subtract(view.shape(1)?.at(-1) ?? UNKNOWN_SIZE, 1), view.int("dilation", 1));
  const causalAxis = view.flag("channels_last") ? 1 : shape.length - 1;
  const state = shape.map((size, axis) => (axis === causalAxis ? reach : size));
  const window = view.int("state_window", 0);
  return window > 0 ? [window, ...state] : state;
}

/** X, W (outChannels×inChannels/groups×kernel), B? */
const CONV: Operator = {
  ...convolution(),
  lift: (layer) => {
    const weights = { weight: layer.weights(1), bias: layer.optionalWeights(2) };
    return layer.lifted(convForm(layer.operation("conv").geometry, weights));
  },
};

async function writeConv(form: ConvForm, writer: NodeWriter): Promise<void> {
  const { weight, bias, groups, strides, dilations } = form;
  const stored = await writer.weights("weight", weight);
  const inputs = [writer.input, stored];
  if (bias) inputs.push(await writer.bias(bias, stored));
  writer.node("Conv", inputs, {
    dilations,
    group: groups,
    kernel_shape: weight.shape.slice(2),
    ...padsAttribute(form),
    strides,
  });
}

/** X, W (inChannels×outChannels/groups×kernel), B? */
const CONV_TRANSPOSE: Operator = {
  ...convolution({ isTransposed: true }),
  lift: (layer) => {
    const weight = layer.weights(1);
    const { geometry } = layer.operation("conv");
    return layer.lifted({
      kind: "conv-transpose",
      weight,
      bias: layer.optionalWeights(2),
      groups: layer.view.int("group", 1),
      keepsChannels: undefined,
      window: transposedWindow(geometry, weight.shape.slice(2), layer.view.ints("output_padding")),
      activation: undefined,
    });
  },
};

/** inChannels × outChannels × kernel; weights that the file decodes, output by output, are turned when they are. */
function transposedWeights(weight: Weights, writer: NodeWriter): Promise<TensorId> {
  if (weight.coding === undefined || weight.coding.kind === "float16") return writer.weights("weight", weight, 1);
  return writer.draft.once(weight, "turned", async () => {
    const perm = turned(weight);
    const weights = writer.tensor("weight.turned");
    const rows = await writer.weights("weight", permutedWeights(weight, perm));
    writer.helper("weight.turn", "Transpose", [rows], { perm }, weights);
    return weights;
  });
}

/** As it was, with other weights. */
async function writeConvTranspose({ weight, bias, groups }: ConvTransposeForm, writer: NodeWriter): Promise<void> {
  const { node } = writer.layer.before ?? {};
  if (node === undefined) throw new LoweringError(`${writer.layer.name}: a transposed convolution cannot be made anew`);
  const stored = await transposedWeights(weight, writer);
  const inputs = [writer.input, stored];
  if (bias) inputs.push(await writer.bias(bias, stored));
  writer.node("ConvTranspose", inputs, { ...Object.fromEntries(node.attributes), group: groups });
}

export const WRITE_CONVOLUTION: Lowering<NodeWriter> = { conv: writeConv, "conv-transpose": writeConvTranspose };

export const CONVOLUTION: Operators = {
  Conv: CONV,
  ConvTranspose: CONV_TRANSPOSE,
  ConvInteger: convolution({ bias: -1, outputType: () => "int32", configuration: [2, 3] }),
  QLinearConv: QLINEAR_CONVOLUTION,
  // Inputs: X, W, offset, B, mask. The bilinear reads at the offsets are no multiply-accumulates of the convolution.
  DeformConv: convolution({ bias: 3 }),
  CausalConvWithState: CAUSAL_CONVOLUTION,
};
