import { ownEntry } from "../../../own-entry.ts";
import type { Dimension, Shape } from "../../../model/shape.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import type { FormOf, Sampling } from "../../../neutral/forms.ts";
import { NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";
import type { Operators } from "../../../neutral/operator.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { normalizeAxes } from "../../../shapes/axes.ts";
import { UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { resizeByScales, resizeBySizes, type AspectPolicy } from "../../../shapes/resize.ts";
import { inferredType, mapShape, runtimeSize, sameAs, unknownSizes } from "./inferred-types.ts";

/** X, roi?, scales?, sizes?; up to opset 10 X, scales. Sizes win where both are given. */
const RESIZE: OperatorRule = {
  infer: (view) => [
    inferredType(
      view.dataType(0),
      mapShape(view.shape(0), (shape) => resized(view, shape)),
    ),
  ],
  kind: "resize",
  configuration: [1, 2, 3],
};

function resized(view: NodeView, shape: Shape): Shape {
  const scalesAt = view.version < 11 ? 1 : 2;
  const axes = view.ints("axes");
  const along = axes?.map((axis) => (axis < 0 ? axis + shape.length : axis));
  if (isGiven(view, 3)) {
    const policy = view.text("keep_aspect_ratio_policy", "stretch");
    const sizes = view.value(3);
    return sizes
      ? resizeBySizes(shape, sizes, along, ownEntry(ASPECT_POLICIES, policy) ?? "stretch")
      : open(shape, along);
  }
  const scales = view.numbers(scalesAt);
  return scales ? resizeByScales(shape, scales, along) : open(shape, along);
}

/** Before opset 13 an input that is not used was given as an empty list. */
function isGiven(view: NodeView, position: number): boolean {
  return view.has(position) && view.shape(position)?.[0] !== 0;
}

const ASPECT_POLICIES: Readonly<Record<string, AspectPolicy | undefined>> = {
  not_larger: "not-larger",
  not_smaller: "not-smaller",
};

/** What is left of a shape when the axes are resized to sizes that only the run can tell. */
function open(shape: Shape, axes: readonly number[] | undefined): Shape {
  const changed = axes && normalizeAxes(axes, shape.length);
  return shape.map((size, axis) => (changed === undefined || changed.includes(axis) ? UNKNOWN_SIZE : size));
}

/** Scales are an input since opset 9, a list before, and two attributes for height and width before that. */
const UPSAMPLE: OperatorRule = {
  infer: (view) => {
    const height = view.int("height_scale");
    const width = view.int("width_scale");
    const pair = height === undefined || width === undefined ? undefined : [1, 1, height, width];
    const scales = view.has(1) ? view.numbers(1) : (view.ints("scales") ?? pair);
    const shape = mapShape(view.shape(0), (whole) =>
      scales ? resizeByScales(whole, scales) : unknownSizes(whole.length),
    );
    return [inferredType(view.dataType(0), shape)];
  },
  kind: "resize",
  configuration: [1],
};

/** X N×C×…, grid N×…×axes: the grid's places take the place of X's. */
export const GRID_SAMPLE: OperatorRule = {
  infer: (view) => {
    const image = view.shape(0);
    const places = view.shape(1)?.slice(1, -1) ?? (image && unknownSizes(image.length - 2));
    const shape = image && places && [image[0] ?? UNKNOWN_SIZE, image[1] ?? UNKNOWN_SIZE, ...places];
    return [inferredType(view.dataType(0), shape)];
  },
  kind: "resize",
};

/** theta N×2×3 or N×3×4, size [N, C, (D,) H, W] → N×(D×)H×W×2 or 3: a matrix times each place. */
const AFFINE_GRID: OperatorRule = {
  describe: (view) => {
    const axes = spatialAxes(view);
    const size = view.value(1) ?? (axes === undefined ? undefined : unknownSizes(axes + 2));
    return {
      outputs: [inferredType(view.dataType(0), size && [size[0] ?? UNKNOWN_SIZE, ...size.slice(2), size.length - 2])],
      // Each coordinate: as many products and sums as there are axes.
      operation: { kind: "elementwise", geometry: { opsPerElement: 2 * (axes ?? 2) } },
    };
  },
  configuration: [1],
};

function spatialAxes(view: NodeView): number | undefined {
  const length = view.shape(1)?.[0];
  const rows = view.shape(0)?.[1];
  if (typeof length === "number") return length > 2 ? length - 2 : undefined;
  return typeof rows === "number" ? rows : undefined;
}

/** X, rois, batch_indices → one crop of each region. */
const ROI_ALIGN: OperatorRule = {
  infer: (view) => {
    const size = [view.int("output_height", 1), view.int("output_width", 1)];
    return [inferredType(view.dataType(0), cropShape(view, size))];
  },
  kind: "resize",
};

/** regions×channels×size, for operators that cut regions (input 1) out of feature maps (input 0). */
export function cropShape(view: NodeView, size: readonly Dimension[]): Shape {
  return [view.shape(1)?.[0] ?? UNKNOWN_SIZE, view.shape(0)?.[1] ?? UNKNOWN_SIZE, ...size];
}

/** boxes, scores, max_output_boxes_per_class?, iou_threshold?, score_threshold? → as many rows as boxes are left. */
const NON_MAX_SUPPRESSION: OperatorRule = {
  infer: (view) => [inferredType("int64", [runtimeSize(view, "boxes"), 3])],
  kind: "sort",
  configuration: [2, 3, 4],
};

const IMAGE_DECODER: OperatorRule = {
  infer: (view) => {
    const channels = view.text("pixel_format", "RGB") === "Grayscale" ? 1 : 3;
    return [inferredType("uint8", [runtimeSize(view, "height"), runtimeSize(view, "width"), channels])];
  },
  kind: "unknown",
};

/** scores or log-probabilities N×C×…, labels N×…, weight?; one number, or one for each label where nothing is reduced. */
const LOSS: OperatorRule = {
  infer: (view) => {
    const shape = view.text("reduction", "mean") === "none" ? view.shape(1) : [];
    return [inferredType(view.dataType(0), shape), sameAs(view)];
  },
  kind: "reduce",
};

/** The loss of scores takes their softmax first. */
const SOFTMAX_LOSS: OperatorRule = { ...LOSS, kind: "softmax" };

/** Resizes that leave batch and channels alone. */
function liftResize(layer: NativeLayer): Lifted {
  const shape = layer.shape();
  const resized = layer.output().shape;
  if (shape.length < 3 || resized?.length !== shape.length || resized[0] !== shape[0] || resized[1] !== shape[1])
    throw new NotLiftable("it resizes more than spatial axes");
  return layer.lifted({ kind: "resize", to: resizedTo(layer, shape.length), sampling: samplingOf(layer.view) });
}

const COORDINATES: Readonly<Record<string, Sampling["coordinates"]>> = {
  half_pixel: "half-pixel",
  pytorch_half_pixel: "pytorch-half-pixel",
  align_corners: "align-corners",
  asymmetric: "asymmetric",
};

const ROUNDINGS: Readonly<Record<string, Sampling["rounding"]>> = {
  round_prefer_floor: "half-down",
  round_prefer_ceil: "half-up",
  floor: "floor",
  ceil: "ceil",
};

/** Up to opset 10, and in an Upsample, coordinates were asymmetric and rounded down. Source: ONNX, Resize and Upsample. */
function samplingOf(view: NodeView): Sampling | undefined {
  const isNew = view.node.op === "Resize" && view.version >= RESIZE_INPUTS.since;
  const mode = view.text("mode", "nearest");
  const coordinates = ownEntry(
    COORDINATES,
    isNew ? view.text("coordinate_transformation_mode", "half_pixel") : "asymmetric",
  );
  const rounding = ownEntry(ROUNDINGS, isNew ? view.text("nearest_mode", "round_prefer_floor") : "floor");
  if (coordinates === undefined || rounding === undefined || view.flag("antialias")) return undefined;
  // Two axes are resized linearly by the name that the mode had first.
  if (mode === "nearest") return { mode, coordinates, rounding };
  if (mode === "linear" || mode === "bilinear") return { mode: "linear", coordinates, rounding };
  if (mode !== "cubic") return undefined;
  const [coefficient, excludesOutside] = [view.int("cubic_coeff_a", -0.75), view.flag("exclude_outside")];
  return { mode, coordinates, rounding, coefficient, excludesOutside };
}

/** Where the inputs of a Resize have its factors and its sizes; before, and in an Upsample, there were only factors. */
const RESIZE_INPUTS = { since: 11, factors: 2, sizes: 3, factorsBefore: 1 } as const;

/** What the file says of the spatial axes; undefined where the run computes it, or says it of some axes only. */
function resizedTo({ view }: NativeLayer, rank: number): FormOf<"resize">["to"] {
  const isNew = view.node.op === "Resize" && view.version >= RESIZE_INPUTS.since;
  const numbers = (position: number): readonly number[] | undefined =>
    view.has(position) && view.input(position).constant !== undefined ? view.numbers(position) : undefined;
  const factors = numbers(isNew ? RESIZE_INPUTS.factors : RESIZE_INPUTS.factorsBefore) ?? view.ints("scales");
  if (factors?.length === rank) return { factors: factors.slice(2) };
  const sizes = isNew ? numbers(RESIZE_INPUTS.sizes) : undefined;
  const isStretched = view.text("keep_aspect_ratio_policy", "stretch") === "stretch";
  return sizes?.length === rank && isStretched ? { sizes: sizes.slice(2) } : undefined;
}

export const VISION: Operators = {
  Resize: { ...RESIZE, lift: liftResize },
  Upsample: { ...UPSAMPLE, lift: liftResize },
  GridSample: GRID_SAMPLE,
  AffineGrid: AFFINE_GRID,
  RoiAlign: ROI_ALIGN,
  NonMaxSuppression: NON_MAX_SUPPRESSION,
  ImageDecoder: IMAGE_DECODER,
  NegativeLogLikelihoodLoss: LOSS,
  SoftmaxCrossEntropyLoss: SOFTMAX_LOSS,
};
