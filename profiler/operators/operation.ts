import type { Dimension } from "../model/shape.ts";
import type { Padding } from "../shapes/window.ts";
import type { ElementFunction } from "./operations-per-element.ts";

/**
 * The format-neutral vocabulary. Operations whose cost depends on more than the sizes of their tensors carry a geometry;
 * for all others the kind and the tensors are enough. Sizes may be symbolic: then the cost is unknown, not zero.
 */
export type Operation =
  | { readonly kind: "conv"; readonly geometry: ConvGeometry }
  | { readonly kind: "dense"; readonly geometry: MatmulGeometry }
  | { readonly kind: "matmul"; readonly geometry: MatmulGeometry }
  | { readonly kind: "einsum"; readonly geometry: EinsumGeometry }
  | { readonly kind: "recurrent"; readonly geometry: RecurrentGeometry }
  | { readonly kind: "attention"; readonly geometry: AttentionGeometry }
  | { readonly kind: "pool"; readonly geometry: PoolGeometry }
  | { readonly kind: "norm"; readonly geometry: NormGeometry }
  | { readonly kind: "activation"; readonly geometry: ActivationGeometry }
  | { readonly kind: "elementwise"; readonly geometry: ElementwiseGeometry }
  | { readonly kind: "softmax"; readonly settings?: SoftmaxSettings }
  /** `hidesWeights`: its own numbers are in the file, but in no form that can be counted. */
  | { readonly kind: PlainKind; readonly hidesWeights?: true };

/** Kinds whose cost follows from their tensors alone. */
export type PlainKind =
  | "reduce"
  | "softmax"
  | "resize"
  | "gather"
  | "reshape"
  | "data-movement"
  | "quantize"
  | "sort"
  | "control"
  | "constant"
  | "shape"
  | "random"
  | "free"
  | "unknown";

export type LayerKind = Operation["kind"];

/** Operations per output element, as other ops count them; a fused bias or activation is in `fusedOps`. */
export interface PerElementGeometry {
  /** Arithmetic operations for each element of the first output (1 for an add or a ReLU). */
  readonly opsPerElement: number;
}

export interface ActivationGeometry extends PerElementGeometry {
  /** Missing where only the run can tell its parameters. */
  readonly activation?: Activation;
}

/** A function of each element. The names are those of the cost rules. */
export interface Activation {
  readonly fn: ElementFunction;
  /** Slope or scale, where the function has one. */
  readonly alpha?: number;
  readonly beta?: number;
  /** Bounds of a clip. */
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface ElementwiseGeometry extends PerElementGeometry {
  /** Of two operands, broadcast as NumPy does, where it is one of these. */
  readonly fn?: ElementwiseFunction;
}

export type ElementwiseFunction = "add" | "subtract" | "multiply" | "divide" | "minimum" | "maximum" | "power";

export interface SoftmaxSettings {
  /** Not negative; several where the input is flattened first (ONNX before opset 13). */
  readonly axes: readonly number[];
  readonly isLog: boolean;
}

export interface NormGeometry extends PerElementGeometry {
  /** Added to the variance, where the operator says it. */
  readonly epsilon?: number;
}

/** Work done in the same operator beside its products: bias and fused activation, operations per output element. */
interface Fused {
  readonly hasBias: boolean;
  /** Fused activation by its neutral name ("relu", "relu6", "tanh"), if any. */
  readonly activation?: string;
}

/** How a window moves along spatial axes, outermost first. */
export interface WindowGeometry {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: readonly Padding[];
}

/** Convolution or transposed convolution over 1, 2 or 3 spatial dimensions. `groups = inChannels` is depthwise. */
export interface ConvGeometry extends Fused, WindowGeometry {
  readonly isTransposed: boolean;
  readonly batch: Dimension;
  readonly inChannels: Dimension;
  readonly outChannels: Dimension;
  readonly groups: Dimension;
  readonly kernel: readonly Dimension[];
  readonly inSpatial: readonly Dimension[];
  readonly outSpatial: readonly Dimension[];
}

/** `batch` products of a rows×inner with an inner×columns matrix. Dense: the right one is a weight. */
export interface MatmulGeometry extends Fused {
  readonly batch: Dimension;
  readonly rows: Dimension;
  readonly inner: Dimension;
  readonly columns: Dimension;
}

/** One product over every index of an Einsum's equation. */
export interface EinsumGeometry {
  readonly equation: string;
  readonly indices: readonly { readonly label: string; readonly size: Dimension }[];
  readonly operands: number;
}

/**
 * RNN, GRU, LSTM and their TFLite forms: gates × (input + hidden) × hidden, for each step, sample and direction. SVDF in the same
 * terms: one gate, `hiddenSize` filters (rank × units), each over the input and over `projectionSize` remembered steps.
 */
export interface RecurrentGeometry {
  readonly cell: "rnn" | "gru" | "lstm" | "svdf";
  readonly gates: number;
  readonly directions: number;
  readonly steps: Dimension;
  readonly batch: Dimension;
  readonly inputSize: Dimension;
  readonly hiddenSize: Dimension;
  /** Size of the projected output of an LSTM with projection: what is fed back, and projection × hidden products more. */
  readonly projectionSize?: Dimension;
}

/** Scaled dot-product attention; the input and output projections only where the operator contains them. */
export interface AttentionGeometry {
  readonly batch: Dimension;
  readonly heads: Dimension;
  readonly queryLength: Dimension;
  readonly keyLength: Dimension;
  /** Per head. */
  readonly querySize: Dimension;
  /** Per head. */
  readonly valueSize: Dimension;
  /** Products of the projections that the operator computes itself, each batch·rows × inner × columns. */
  readonly projections: readonly MatmulGeometry[];
}

export interface SlidingPool extends WindowGeometry {
  readonly kernel: readonly number[];
  /** Whether an average counts padding as zeros. */
  readonly countsPadding: boolean;
  /** Sizes of the output are rounded up. */
  readonly ceils: boolean;
}

export interface PoolGeometry {
  /** Elements in one window. */
  readonly window: Dimension;
  readonly mode: "max" | "average" | "lp";
  /** Of a window that slides along all spatial axes. */
  readonly sliding?: SlidingPool;
}
