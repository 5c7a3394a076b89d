import type { Operation } from "../../../operators/operation.ts";
import type { Dimension, Shape } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { normalizeAxis } from "../../../shapes/axes.ts";
import { add, floorDivide, multiply, subtract, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { windowOutput } from "../../../shapes/window.ts";
import { dataTypeOf } from "../data-types.ts";
import { inferredType, mapShape, unknownSizes } from "./inferred-types.ts";

/** Products and sums of one butterfly of a fast Fourier transform, for each of its two complex outputs. */
const BUTTERFLY_OPS = 5;

/** A fast transform of `size` points takes log₂(size) rounds over all of them; the last axis holds two numbers for each. */
function transformOps(size: Dimension | undefined): Operation {
  if (typeof size !== "number") return { kind: "unknown" };
  return { kind: "elementwise", geometry: { opsPerElement: BUTTERFLY_OPS * Math.ceil(Math.log2(Math.max(2, size))) } };
}

/** input …×1 or …×2 (real or complex), dft_length?; the axis is an attribute up to opset 19 and an input since. */
const DFT: OperatorRule = {
  describe: (view) => ({
    outputs: [
      inferredType(
        view.dataType(0),
        mapShape(view.shape(0), (shape) => transformed(view, shape)),
      ),
    ],
    operation: transformOps(mapShape(view.shape(0), (shape) => lengthOf(view, shape))),
  }),
  configuration: [1, 2],
};

/** undefined when the axis is known only when the model runs. */
function axisOf(view: NodeView, shape: Shape): number | undefined {
  if (view.version < 20) return normalizeAxis(view.int("axis", 1), shape.length);
  const axis = view.has(2) ? view.number(2) : -2;
  return axis === undefined ? undefined : normalizeAxis(axis, shape.length);
}

/** Points of the transform. */
function lengthOf(view: NodeView, shape: Shape): Dimension {
  const axis = axisOf(view, shape);
  if (view.has(1)) return view.value(1)?.[0] ?? UNKNOWN_SIZE;
  const size = axis === undefined ? UNKNOWN_SIZE : (shape[axis] ?? UNKNOWN_SIZE);
  return isRealInverse(view) ? multiply(2, subtract(size, 1)) : size;
}

function transformed(view: NodeView, shape: Shape): Shape {
  const axis = axisOf(view, shape);
  if (axis === undefined) return unknownSizes(shape.length);
  const length = lengthOf(view, shape);
  const points = view.flag("onesided") && !view.flag("inverse") ? half(length) : length;
  return shape.map((size, position) => {
    if (position === axis) return points;
    return position === shape.length - 1 ? (isRealInverse(view) ? 1 : 2) : size;
  });
}

/** One-sided spectra come of real signals, and the inverse makes real ones of them again. */
function isRealInverse(view: NodeView): boolean {
  return view.flag("onesided") && view.flag("inverse");
}

/** Frequencies that tell all of a real signal's spectrum. */
function half(length: Dimension): Dimension {
  return add(floorDivide(length, 2), 1);
}

/** signal batch×length(×1 or 2), frame_step, window?, frame_length? → batch×frames×frequencies×2 */
const STFT: OperatorRule = {
  describe: (view) => {
    const signal = view.shape(0);
    const step = view.number(1);
    const frame = frameLength(view);
    const length = signal?.[1] ?? UNKNOWN_SIZE;
    const frames =
      step === undefined
        ? UNKNOWN_SIZE
        : windowOutput(length, { kernel: frame, stride: step, dilation: 1, padding: "valid" });
    const frequencies = view.flag("onesided", true) ? half(frame) : frame;
    return {
      outputs: [inferredType(view.dataType(0), [signal?.[0] ?? UNKNOWN_SIZE, frames, frequencies, 2])],
      operation: transformOps(frameLength(view)),
    };
  },
  configuration: [1, 3],
};

function frameLength(view: NodeView): Dimension {
  return view.value(3)?.[0] ?? view.shape(2)?.[0] ?? UNKNOWN_SIZE;
}

/** Rule of a window function: a cosine or two for each of its `size` points. */
function windowFunction(opsPerElement: number): OperatorRule {
  return {
    describe: (view) => ({
      outputs: [inferredType(dataTypeOf(view.int("output_datatype", 1)), [view.value(0)?.[0] ?? UNKNOWN_SIZE])],
      operation: { kind: "elementwise", geometry: { opsPerElement } },
    }),
    configuration: [0],
  };
}

/** num_mel_bins, dft_length, sample_rate, lower_edge_hertz, upper_edge_hertz → frequencies×bins */
const MEL_WEIGHT_MATRIX: OperatorRule = {
  describe: (view) => {
    const bins = view.value(0)?.[0] ?? UNKNOWN_SIZE;
    const length = view.value(1)?.[0] ?? UNKNOWN_SIZE;
    return {
      outputs: [inferredType(dataTypeOf(view.int("output_datatype", 1)), [half(length), bins])],
      operation: { kind: "elementwise", geometry: { opsPerElement: 6 } },
    };
  },
  configuration: [0, 1, 2, 3, 4],
};

/** Angle, cosine, factor and difference; Blackman's has a second cosine. */
const COSINE_WINDOW_OPS = 4;

export const SIGNAL: Readonly<Record<string, OperatorRule>> = {
  DFT,
  STFT,
  HannWindow: windowFunction(COSINE_WINDOW_OPS),
  HammingWindow: windowFunction(COSINE_WINDOW_OPS),
  BlackmanWindow: windowFunction(2 * COSINE_WINDOW_OPS),
  MelWeightMatrix: MEL_WEIGHT_MATRIX,
};
