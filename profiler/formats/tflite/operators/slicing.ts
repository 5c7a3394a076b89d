import type { Dimension, Shape } from "../../../model/shape.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import { NotLiftable } from "../../../neutral/native-layer.ts";
import { inferredType, unknownSizes } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { add, subtract, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";
import { knownTensor } from "../../../shapes/known-tensor.ts";
import { ShapeError } from "../../../shapes/shape-error.ts";
import { sliceShape, type Cut } from "../../../shapes/slice.ts";
import { sliceValue } from "../../../shapes/value-layout.ts";
import type { TfliteLayer } from "../restructure/tflite-layer.ts";
import type { Rules } from "./common.ts";

/** Begins and sizes, one an axis; a size of −1 reaches to the end. */
const SLICE: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const type = view.dataType(0);
    if (shape === undefined) return [inferredType(type, undefined)];
    const begins = view.value(1) ?? unknownSizes(shape.length);
    const sizes = view.value(2) ?? unknownSizes(shape.length);
    const sliced = shape.map((size, axis) =>
      sizes[axis] === -1 ? subtract(size, begins[axis] ?? 0) : (sizes[axis] ?? UNKNOWN_SIZE),
    );
    const known = knownTensor(view.input(0));
    const starts = view.numbers(1);
    const ends = sliced.map((size, axis) => add(begins[axis] ?? 0, size));
    return [inferredType(type, sliced, known && starts && sliceValue(known, { starts, ends }))];
  },
  kind: "data-movement",
  configuration: [1, 2],
};

/** What becomes of the input's axes, in their order. */
interface StridedCut {
  readonly cut: Required<Pick<Cut, "starts" | "ends" | "steps">> & { readonly axes: readonly number[] };
  /** The output's axes: an axis of the input, or a new one. */
  readonly axes: readonly (number | "new")[];
}

/**
 * Python's slicing: begin, end and stride for each entry, whose bits in the masks say that the bound is left out, that the entry is an
 * ellipsis or a new axis, or that it picks one element and its axis goes.
 * Source: TensorFlow, tf.strided_slice.
 */
const STRIDED_SLICE: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    const type = view.dataType(0);
    const entries = view.value(1)?.length ?? view.shape(1)?.[0];
    if (shape === undefined || typeof entries !== "number") return [inferredType(type, undefined)];
    const { cut, axes } = stridedCut(view, shape, entries);
    const sliced = sliceShape(shape, cut);
    const known = knownTensor(view.input(0));
    const output = axes.map((axis) => (axis === "new" ? 1 : (sliced[axis] ?? UNKNOWN_SIZE)));
    return [inferredType(type, output, known && sliceValue(known, cut))];
  },
  kind: "data-movement",
  configuration: [1, 2, 3],
};

/** The masks have a bit for each entry. */
const MOST_ENTRIES = 32;

/** @throws ShapeError when more axes are named than there are, or entries than the masks have bits */
function stridedCut(view: NodeView, shape: Shape, entries: number): StridedCut {
  if (entries > MOST_ENTRIES) throw new ShapeError(`${entries} slices; the limit is ${MOST_ENTRIES} (MOST_ENTRIES)`);
  const bound = (input: number, entry: number): Dimension => view.value(input)?.[entry] ?? UNKNOWN_SIZE;
  const isSet = (mask: string, entry: number): boolean => ((view.int(mask, 0) >> entry) & 1) === 1;
  const isNew = (entry: number): boolean => isSet("new_axis_mask", entry) && !isSet("ellipsis_mask", entry);
  const places = Array.from({ length: entries }, (_, entry) => entry);
  const named = places.filter((entry) => !isNew(entry) && !isSet("ellipsis_mask", entry)).length;
  if (named > shape.length) throw new ShapeError(`${named} slices for [${shape.join(", ")}]`);
  const starts: Dimension[] = [];
  const ends: Dimension[] = [];
  const steps: Dimension[] = [];
  const cutAxes: number[] = [];
  const axes: (number | "new")[] = [];
  let axis = 0;
  for (const entry of places) {
    if (isSet("ellipsis_mask", entry)) {
      for (let skipped = shape.length - named; skipped > 0; skipped--) axes.push(axis++);
    } else if (isNew(entry)) {
      axes.push("new");
    } else {
      const step = bound(3, entry);
      const start = isSet("begin_mask", entry) ? fromStart(step) : bound(1, entry);
      const isPicked = isSet("shrink_axis_mask", entry);
      cutAxes.push(axis);
      steps.push(isPicked ? 1 : step);
      starts.push(isPicked ? bound(1, entry) : start);
      ends.push(
        isPicked
          ? behind(bound(1, entry))
          : endOf(view, isSet("end_mask", entry), step, start, bound(2, entry), shape[axis]),
      );
      if (!isPicked) axes.push(axis);
      axis++;
    }
  }
  for (; axis < shape.length; axis++) axes.push(axis);
  return { cut: { starts, ends, steps, axes: cutAxes }, axes };
}

/** Beyond every size, as ONNX and NumPy clamp it. */
const TO_THE_END = 2 ** 31 - 1;

function fromStart(step: Dimension): number {
  return typeof step === "number" && step < 0 ? TO_THE_END : 0;
}

function endOf(
  view: NodeView,
  isOpen: boolean,
  step: Dimension,
  start: Dimension,
  end: Dimension,
  size: Dimension | undefined,
): Dimension {
  if (isBeforeFirst(start, step, size)) return TO_THE_END;
  if (isOpen) return typeof step === "number" && step < 0 ? -TO_THE_END - 1 : TO_THE_END;
  // With `offset` ends count from the begins.
  return view.flag("offset") ? add(start, end) : end;
}

/** Backwards from before the first element there is nothing, where ONNX would take the first: no end is in reach. */
function isBeforeFirst(start: Dimension, step: Dimension, size: Dimension | undefined): boolean {
  return typeof step === "number" && step < 0 && typeof start === "number" && typeof size === "number" && start < -size;
}

/** Behind the one picked element; behind the last one there is no index but the end itself. */
function behind(start: Dimension): Dimension {
  return start === -1 ? TO_THE_END : add(start, 1);
}

/** The first input with the second written over a part of it. */
const DYNAMIC_UPDATE_SLICE: OperatorRule = {
  infer: (view) => [inferredType(view.dataType(0), view.shape(0))],
  kind: "data-movement",
  configuration: [2],
  inPlace: [0],
};

/** Begins and sizes; -1 reaches to the end. */
function liftSlice(layer: TfliteLayer): Lifted {
  const begins = layer.constants(1, "begins");
  const sizes = layer.constants(2, "sizes");
  return cutOf(layer, (axis, size) => {
    const begin = begins[axis] ?? 0;
    const length = sizes[axis] ?? -1;
    return { begin, end: length === -1 ? size : begin + length };
  });
}

const MASKS_OF_AXES = ["ellipsis_mask", "new_axis_mask", "shrink_axis_mask"];

/** Python's slicing, where it keeps all axes and takes every element between its bounds. */
function liftStridedSlice(layer: TfliteLayer): Lifted {
  const { view } = layer;
  if (MASKS_OF_AXES.some((mask) => view.int(mask, 0) !== 0) || view.flag("offset"))
    throw new NotLiftable("it changes axes as it slices");
  const [begins, ends, steps] = [layer.constants(1, "begins"), layer.constants(2, "ends"), layer.constants(3, "steps")];
  if (steps.some((step) => step !== 1)) throw new NotLiftable("it skips elements");
  const isOpen = (mask: string, axis: number): boolean =>
    axis >= begins.length || ((view.int(mask, 0) >> axis) & 1) === 1;
  return cutOf(layer, (axis, size) => {
    const inside = (bound = 0): number => Math.min(size, Math.max(0, bound < 0 ? bound + size : bound));
    return {
      begin: isOpen("begin_mask", axis) ? 0 : inside(begins[axis]),
      end: isOpen("end_mask", axis) ? size : inside(ends[axis]),
    };
  });
}

/** A cut along one axis; sizes that only the run knows are cut nowhere. */
function cutOf(
  layer: TfliteLayer,
  boundsOf: (axis: number, size: number) => { readonly begin: number; readonly end: number },
): Lifted {
  const whole = Number.MAX_SAFE_INTEGER;
  const cuts = layer.shape().flatMap((size, axis) => {
    const length = typeof size === "number" ? size : whole;
    const { begin, end } = boundsOf(axis, length);
    return begin === 0 && end === length ? [] : [{ axis, begin, end, isOpen: length === whole }];
  });
  const [cut, ...others] = cuts;
  if (cut === undefined) return layer.lifted({ kind: "identity" });
  if (others.length > 0) throw new NotLiftable("it cuts several axes");
  if (cut.isOpen) throw new NotLiftable("the size of its input is only known while the model runs");
  return layer.lifted({ kind: "slice", axis: cut.axis, begin: cut.begin, end: cut.end });
}

export const SLICING: Rules = {
  SLICE: { ...SLICE, lift: liftSlice },
  STRIDED_SLICE: { ...STRIDED_SLICE, lift: liftStridedSlice },
  DYNAMIC_UPDATE_SLICE,
};
