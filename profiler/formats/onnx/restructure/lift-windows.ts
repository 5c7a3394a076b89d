import { ownEntry } from "../../../own-entry.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { FormOf, Sampling } from "../../../neutral/forms.ts";
import type { Lift } from "./lift-rule.ts";
import { NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";

/** Resizes that leave batch and channels alone. */
const RESIZE: Lift = (layer) => {
  const shape = layer.shape();
  const resized = layer.output().shape;
  if (shape.length < 3 || resized?.length !== shape.length || resized[0] !== shape[0] || resized[1] !== shape[1])
    throw new NotLiftable("it resizes more than spatial axes");
  return layer.lifted({ kind: "resize", to: resizedTo(layer, shape.length), sampling: samplingOf(layer.view) });
};

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
  return mode === "linear" || mode === "bilinear" ? { mode: "linear", coordinates, rounding } : undefined;
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

const PAD: Lift = (layer) => {
  const rank = layer.shape().length;
  const pads = layer.settings("pads", 1) ?? layer.view.ints("paddings");
  if (pads === undefined) throw new NotLiftable("its pads are missing");
  const axes = padAxes(layer, rank);
  const side = (offset: number): readonly number[] => {
    const sizes = range(0, rank).map(() => 0);
    axes.forEach((axis, index) => (sizes[axis] = pads[offset + index] ?? 0));
    return sizes;
  };
  return layer.lifted({
    kind: "pad",
    mode: padMode(layer),
    begin: side(0),
    end: side(axes.length),
    value: padValue(layer),
  });
};

function padAxes(layer: NativeLayer, rank: number): readonly number[] {
  if (!layer.view.has(3)) return range(0, rank);
  const axes = layer.view.numbers(3);
  if (axes === undefined) throw new NotLiftable("its axes are computed while the model runs");
  return axes.map((axis) => layer.axis(axis));
}

function padMode(layer: NativeLayer): FormOf<"pad">["mode"] {
  const mode = layer.view.text("mode", "constant");
  if (mode === "constant" || mode === "reflect" || mode === "edge" || mode === "wrap") return mode;
  throw new NotLiftable(`it pads by "${mode}"`);
}

function padValue(layer: NativeLayer): number {
  if (!layer.view.has(2)) return layer.view.int("value", 0);
  const value = layer.view.number(2);
  if (value === undefined) throw new NotLiftable("what it pads with is computed while the model runs");
  return value;
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

export const LIFT_WINDOWS: Readonly<Record<string, Lift>> = { Resize: RESIZE, Upsample: RESIZE, Pad: PAD };
