import type { Activation, ElementwiseFunction, LayerKind } from "../operators/operation.ts";
import type { Weights } from "./weights.ts";

/**
 * What restructurings read and make: layers in one vocabulary and weights in one layout, whatever the format. Formats translate native
 * operators to these (*lift*) and back (*lower*). Sizes of spatial axes come outermost first: height, width.
 */
export type Form =
  | ConvForm
  | ConvTransposeForm
  | DenseForm
  | BatchNormForm
  | PoolForm
  | ElementwiseForm
  | ActivationForm
  | ConcatForm
  | SplitForm
  | SliceForm
  | ReshapeForm
  | TransposeForm
  | PadForm
  | ResizeForm
  | SoftmaxForm
  | ReduceMeanForm
  | ReduceForm
  | ChannelShuffleForm
  | InstanceNormForm
  | GroupNormForm
  | LayerNormForm
  | ExpandForm
  | DepthToSpaceForm
  | SelectForm
  | ProductForm
  | RecurrentForm
  | { readonly kind: "identity" }
  | UnaryForm
  | LocalResponseNormForm
  | ConstantForm
  /** Sizes, and arithmetic on them: follows from the shapes of its inputs. Lifted, never made. */
  | { readonly kind: "shape" }
  | OpaqueForm;

/**
 * x / (bias + alpha · Σ x²)^beta, the sum over the channels beside each: `before` of them, itself, and `after` (Krizhevsky et al., AlexNet, 2012). Lifted,
 * never made.
 */
export interface LocalResponseNormForm {
  readonly kind: "local-response-norm";
  readonly before: number;
  readonly after: number;
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
}

/** Makes a constant from constants when the model loads. Lifted, never made. */
export interface ConstantForm {
  readonly kind: "constant";
  /** It holds its numbers itself, or makes them from a few: stored as weights of their own they would take no fewer bytes. */
  readonly isSource: boolean;
}

export type FormKind = Form["kind"];
export type FormOf<K extends FormKind> = Extract<Form, { readonly kind: K }>;

/** A function of each element alone that is no activation (Cast, Exp, Neg): keeps shapes and channels. Lifted, never made. */
export interface UnaryForm {
  readonly kind: "unary";
  /** "recoded": the same numbers as other integers, or between integers and floats. undefined: one that has no name here. */
  readonly fn: UnaryFunction | "recoded" | undefined;
}

export type UnaryFunction =
  | "absolute"
  | "cosine"
  | "error"
  | "exponential"
  | "logarithm"
  | "negative"
  | "reciprocal"
  | "root"
  | "root-reciprocal"
  | "sine"
  | "square";

/** How the window of a convolution or a pool moves, outermost axis first. */
export interface SlidingWindow {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
  /** Pads as "same" padding makes them of sizes that only the run can tell; `padsBegin` and `padsEnd` are empty then. */
  readonly autoPad?: "same-upper" | "same-lower" | undefined;
}

/** Convolution over 1, 2 or 3 spatial axes; depthwise when `groups` is the number of input channels. */
export interface ConvForm extends SlidingWindow {
  readonly kind: "conv";
  /** outChannels × inChannels/groups × kernel… */
  readonly weight: Weights;
  /** outChannels */
  readonly bias: Weights | undefined;
  readonly groups: number;
  /** Fused. */
  readonly activation: Activation | undefined;
}

/**
 * Transposed convolution. Lifted, and only made with other weights: how its window moves, and how large its output is, stays as the
 * operator says it.
 */
export interface ConvTransposeForm {
  readonly kind: "conv-transpose";
  /** inChannels × outChannels/groups × kernel… */
  readonly weight: Weights;
  /** outChannels */
  readonly bias: Weights | undefined;
  readonly groups: number;
  /** Why it cannot make another number of channels, where it cannot. */
  readonly keepsChannels: string | undefined;
  /** undefined: it depends on sizes that only the run can tell. */
  readonly window: TransposedWindow | undefined;
  /** Fused. */
  readonly activation: Activation | undefined;
}

/** What multiplies its input by weights. */
export type LinearForm = ConvForm | ConvTransposeForm | DenseForm;

/** How the window of a transposed convolution moves, outermost axis first. */
export interface TransposedWindow {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Cut off the output. */
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
  /** Elements at the end of the output that no window reaches. */
  readonly outputPadding: readonly number[];
}

/** A product over the last axis of the input: out = weight · in + bias. */
export interface DenseForm {
  readonly kind: "dense";
  /** outFeatures × inFeatures */
  readonly weight: Weights;
  /** outFeatures */
  readonly bias: Weights | undefined;
  /** Fused. */
  readonly activation: Activation | undefined;
}

/** scale · (x - mean) / √(variance + epsilon) + shift, for each channel. */
export interface BatchNormForm {
  readonly kind: "batch-norm";
  readonly scale: Weights;
  readonly shift: Weights;
  readonly mean: Weights;
  readonly variance: Weights;
  readonly epsilon: number;
}

export interface PoolForm extends SlidingWindow {
  readonly kind: "pool";
  readonly mode: "max" | "average";
  /** One window over the whole of every spatial axis; the lists are empty then. */
  readonly isGlobal: boolean;
  readonly kernel: readonly number[];
  /** Whether an average counts padding as zeros. */
  readonly countsPadding: boolean;
  /** Sizes of the output are rounded up. */
  readonly ceils: boolean;
  /** Fused. */
  readonly activation: Activation | undefined;
}

/** Two operands, broadcast as NumPy does. */
export interface ElementwiseForm {
  readonly kind: "elementwise";
  readonly fn: ElementwiseFunction;
  /** One operand when it is constant; the other is the layer's only input. Without it both are inputs. */
  readonly constant: Weights | undefined;
  /** The constant is the left operand. */
  readonly isConstantFirst: boolean;
  /** Fused. */
  readonly activation: Activation | undefined;
}

export interface ActivationForm extends Activation {
  readonly kind: "activation";
  /** Slopes of a PReLU: one, or one for each channel. */
  readonly slopes?: Weights;
}

export interface ConcatForm {
  readonly kind: "concat";
  /** Not negative. */
  readonly axis: number;
  /** Fused. */
  readonly activation: Activation | undefined;
}

export interface SplitForm {
  readonly kind: "split";
  /** Not negative. */
  readonly axis: number;
  /** One for each output. */
  readonly sizes: readonly number[];
}

/** Elements `begin` to before `end` along one axis. */
export interface SliceForm {
  readonly kind: "slice";
  /** Not negative. */
  readonly axis: number;
  readonly begin: number;
  readonly end: number;
}

/** The same elements, row-major, under another shape: Reshape, Flatten, Squeeze, Unsqueeze. */
export interface ReshapeForm {
  readonly kind: "reshape";
  /** Sizes; 0 stands for the input's size of that axis, -1 (once) for what is left. undefined: only the run can tell. */
  readonly target: readonly number[] | undefined;
}

export interface TransposeForm {
  readonly kind: "transpose";
  /** Axis `i` of the output is axis `permutation[i]` of the input. */
  readonly permutation: readonly number[];
}

export interface PadForm {
  readonly kind: "pad";
  readonly mode: "constant" | "reflect" | "edge" | "wrap";
  /** For each axis of the input. */
  readonly begin: readonly number[];
  readonly end: readonly number[];
  readonly value: number;
}

/** Resizes spatial axes alone. Lifted, and only made with other sizes. */
export interface ResizeForm {
  readonly kind: "resize";
  /**
   * How large the output is: sizes of the spatial axes that the file says, or factors of the input's, outermost first. undefined: only the
   * run can tell.
   */
  readonly to: { readonly sizes: readonly number[] } | { readonly factors: readonly number[] } | undefined;
  /** undefined: by another rule, such as one that reads a part of the input. */
  readonly sampling: Sampling | undefined;
}

/** Where an element of a resized map comes from. */
export type Sampling = SampledPlaces & ({ readonly mode: "nearest" | "linear" } | CubicSampling);

/** From the four elements around its place on each axis (Keys: Cubic Convolution Interpolation, 1981). */
export interface CubicSampling {
  readonly mode: "cubic";
  /** Of the kernel. */
  readonly coefficient: number;
  /** Whether elements outside of the map weigh nothing, instead of those at its border again. */
  readonly excludesOutside: boolean;
}

interface SampledPlaces {
  /** By which formula a place in the output is one in the input. Source: ONNX, Resize, `coordinate_transformation_mode`. */
  readonly coordinates: "half-pixel" | "pytorch-half-pixel" | "align-corners" | "asymmetric";
  /** How the nearest place is chosen. */
  readonly rounding: "half-down" | "half-up" | "floor" | "ceil";
}

export interface SoftmaxForm {
  readonly kind: "softmax";
  /** Not negative; several where the input is flattened first (ONNX before opset 13). */
  readonly axes: readonly number[];
  readonly isLog: boolean;
}

export interface ReduceMeanForm {
  readonly kind: "reduce-mean";
  /** Not negative. */
  readonly axes: readonly number[];
  readonly keepsAxes: boolean;
  /** Fused. */
  readonly activation: Activation | undefined;
}

/** One number of all along some axes, but for the mean. Lifted, never made. */
export interface ReduceForm {
  readonly kind: "reduce";
  readonly fn: "sum" | "maximum" | "minimum";
  /** Not negative. */
  readonly axes: readonly number[];
  readonly keepsAxes: boolean;
}

/** Normalises the positions of each channel and sample. Lifted, and only made with other constants. */
export interface InstanceNormForm {
  readonly kind: "instance-norm";
  readonly scale: Weights;
  readonly shift: Weights;
  /** Added to the variance. */
  readonly epsilon: number;
}

/** Normalises the positions of each group of channels and sample (Wu and He 2018). Lifted, and only made with fewer groups. */
export interface GroupNormForm {
  readonly kind: "group-norm";
  readonly groups: number;
  /** One number for each channel or, in older versions, for each group. */
  readonly scale: Weights;
  readonly shift: Weights;
  /** Added to the variance. */
  readonly epsilon: number;
}

/** Normalises over some axes, all others by themselves: LayerNorm and RMSNorm. Lifted, and only made with other weights. */
export interface LayerNormForm {
  readonly kind: "layer-norm";
  /** Not negative. */
  readonly axes: readonly number[];
  /** What it divides by, and the number that is added to the mean square; undefined: a norm, or by numbers that the run computes. */
  readonly by: { readonly deviation: "from-mean" | "from-zero"; readonly epsilon: number } | undefined;
  /** Of the sizes of the axes, or stretched to them. */
  readonly scale?: Weights;
  readonly shift?: Weights;
}

/** Repeats the input along axes where it has one element. Lifted, and only made with other sizes. */
export interface ExpandForm {
  readonly kind: "expand";
  /** Sizes as the file says them; undefined where they are computed while the model runs. */
  readonly target: readonly number[] | undefined;
}

/** Moves blocks of channels into space, or back. Lifted, never made. */
export interface DepthToSpaceForm {
  readonly kind: "depth-to-space" | "space-to-depth";
  readonly block: number;
  /** Whether the channels of one output channel stand together (CRD), or those of one place in the block do (DCR). */
  readonly isGrouped: boolean;
}

/** One position along an axis, which goes. Lifted, never made. */
export interface SelectForm {
  readonly kind: "select";
  /** Not negative. */
  readonly axis: number;
  readonly index: number;
}

/** RNN, GRU or LSTM over the last axis of its input. Lifted, and only made with other weights for its input. */
export interface RecurrentForm {
  readonly kind: "recurrent";
  /** directions × gates·hidden × inputs */
  readonly weight: Weights;
}

/** A product of two activations, batched as NumPy does. Lifted, never made. */
export interface ProductForm {
  readonly kind: "product";
  readonly isLeftTransposed: boolean;
  readonly isRightTransposed: boolean;
}

/** Channels as groups × channels/groups, transposed (ShuffleNet, Zhang 2018). Made, never lifted: formats say it in three operators. */
export interface ChannelShuffleForm {
  readonly kind: "channel-shuffle";
  readonly groups: number;
}

/** Anything else: no edit touches it, or looks through it. */
export interface OpaqueForm {
  readonly kind: "opaque";
  /** What stands against it, for refusals. */
  readonly why: string;
  /** What it is by its operator, which somebody could expect to be restructured. */
  readonly would?: LayerKind;
  /** The form that it is where nothing stands against it, for an operator that is always of one. */
  readonly form?: FormKind;
}
