import { ownEntry } from "../../../own-entry.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { Dimension, Shape } from "../../../model/shape.ts";
import type { SlidingWindow } from "../../../neutral/forms.ts";
import { ShapeError } from "../../../shapes/shape-error.ts";
import type { Padding } from "../../../shapes/window.ts";

/** A batch of images, signals or volumes, whichever way its file lays them out. */
export interface Spatial {
  readonly batch: Dimension;
  readonly channels: Dimension;
  /** One for each spatial axis, outermost first. */
  readonly sizes: readonly Dimension[];
}

/** Where the channels are: N×C×D1×…×Dn, or N×D1×…×Dn×C. */
export type Layout = "channels-first" | "channels-last";

/** @throws ShapeError for a tensor that has no batch and no channels */
export function toSpatial(shape: Shape, layout: Layout = "channels-first"): Spatial {
  const [batch, ...rest] = shape;
  const channels = layout === "channels-first" ? rest.shift() : rest.pop();
  if (batch === undefined || channels === undefined) {
    throw new ShapeError(`[${shape.join(", ")}] has no batch and channels`);
  }
  return { batch, channels, sizes: rest };
}

export function fromSpatial({ batch, channels, sizes }: Spatial, layout: Layout = "channels-first"): Shape {
  return layout === "channels-first" ? [batch, channels, ...sizes] : [batch, ...sizes, channels];
}

export function layoutByFlag(view: NodeView): Layout {
  return view.flag("channels_last") ? "channels-last" : "channels-first";
}

/** How a window moves along one spatial axis, its size aside. */
export interface WindowStep {
  readonly stride: number;
  readonly dilation: number;
  readonly padding: Padding;
}

/**
 * The attributes `strides`, `dilations`, `pads` and `auto_pad`, one for each of `count` spatial axes.
 * @param pads stands for the attribute where an operator has it as an input
 * @throws ShapeError when there are fewer than axes
 */
export function windowsOf(view: NodeView, count: number, pads = view.ints("pads")): readonly WindowStep[] {
  const strides = view.ints("strides") ?? [];
  const dilations = view.ints("dilations") ?? [];
  checkCount("strides", strides, count);
  checkCount("dilations", dilations, count);
  checkCount("pads", pads ?? [], 2 * count);
  const autoPad = view.text("auto_pad", "NOTSET");
  return Array.from({ length: count }, (_, axis) => ({
    stride: strides[axis] ?? 1,
    dilation: dilations[axis] ?? 1,
    padding: ownEntry(AUTO_PADS, autoPad) ?? {
      kind: "explicit",
      begin: pads?.[axis] ?? 0,
      end: pads?.[axis + count] ?? 0,
    },
  }));
}

/** The attribute that says a window's pads: `auto_pad` where only the run can tell them. */
export function padsAttribute({
  padsBegin,
  padsEnd,
  autoPad,
}: SlidingWindow): { readonly pads: readonly number[] } | { readonly auto_pad: string } {
  if (autoPad === undefined) return { pads: [...padsBegin, ...padsEnd] };
  return { auto_pad: autoPad === "same-upper" ? "SAME_UPPER" : "SAME_LOWER" };
}

function checkCount(name: string, values: readonly number[], wanted: number): void {
  if (values.length === 0 || values.length >= wanted) return;
  throw new ShapeError(`${name} has ${values.length} values where ${wanted} are needed`);
}

const AUTO_PADS: Readonly<Record<string, Padding | undefined>> = {
  SAME_UPPER: "same-upper",
  SAME_LOWER: "same-lower",
  VALID: "valid",
};
