import type { FormOf } from "../../../neutral/forms.ts";
import type { Lift } from "./lift-rule.ts";
import { NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";

/** Resizes that leave batch and channels alone. */
const RESIZE: Lift = (layer) => {
  const shape = layer.shape();
  const resized = layer.output().shape;
  if (shape.length < 3 || resized?.length !== shape.length || resized[0] !== shape[0] || resized[1] !== shape[1])
    throw new NotLiftable("it resizes more than spatial axes");
  return layer.lifted({ kind: "resize", to: resizedTo(layer, shape.length) });
};

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
