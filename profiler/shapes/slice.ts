import type { Dimension, Shape } from "../model/shape.ts";
import { normalizeAxis } from "./axes.ts";
import { subtract, UNKNOWN_SIZE } from "./dimension.ts";
import { ShapeError } from "./shape-error.ts";

/** What to cut, as ONNX and NumPy say it: one entry an axis of `axes` (default: the first ones). */
export interface Cut {
  readonly starts: readonly Dimension[];
  readonly ends: readonly Dimension[];
  readonly axes?: readonly number[] | undefined;
  readonly steps?: readonly Dimension[] | undefined;
}

/** The cut of one axis, clamped to its size: elements start, start + step, … `count` of them. */
export interface AxisCut {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/**
 * Starts and ends count from the end when negative and are clamped, however huge. Symbolic sizes stay exact where the cut lets them.
 * @throws ShapeError when the lists do not match, an axis does not exist or a step is 0
 */
export function sliceShape(shape: Shape, cut: Cut): Shape {
  return cutAxes(shape.length, cut).reduce<Shape>(
    (sliced, { axis, start, end, step }) => sliced.with(axis, slicedSize(shape[axis] ?? 0, start, end, step)),
    shape,
  );
}

/** The clamped cut of every axis of a static shape; undefined when a bound is symbolic. */
export function resolveCut(shape: readonly number[], cut: Cut): AxisCut[] | undefined {
  const whole = shape.map((count): AxisCut => ({ start: 0, step: 1, count }));
  for (const { axis, start, end, step } of cutAxes(shape.length, cut)) {
    if (typeof start !== "number" || typeof end !== "number" || typeof step !== "number") return undefined;
    whole[axis] = clampCut(shape[axis] ?? 0, start, end, step);
  }
  return whole;
}

function cutAxes(rank: number, { starts, ends, axes, steps }: Cut) {
  const count = starts.length;
  if (ends.length !== count || (axes ?? starts).length !== count || (steps ?? starts).length !== count) {
    throw new ShapeError("starts, ends, axes and steps of a slice differ in length");
  }
  return starts.map((start, place) => {
    const step = steps?.[place] ?? 1;
    if (step === 0) throw new ShapeError("a slice's step is 0");
    return { axis: normalizeAxis(axes?.[place] ?? place, rank), start, end: ends[place] ?? 0, step };
  });
}

function clampCut(size: number, start: number, end: number, step: number): AxisCut {
  const fromEnd = (bound: number) => (bound < 0 ? bound + size : bound);
  const clamp = (bound: number, low: number, high: number) => Math.min(Math.max(bound, low), high);
  const first = clamp(fromEnd(start), 0, step > 0 ? size : size - 1);
  const last = step > 0 ? clamp(fromEnd(end), 0, size) : clamp(fromEnd(end), -1, size - 1);
  return { start: first, step, count: Math.max(0, Math.ceil((last - first) / step)) };
}

/** INT64_MAX, INT32_MAX and their like say "to the end" (or, with a negative step, "to the beginning"). */
const BEYOND_ANY_SIZE = 2 ** 31 - 1;

/**
 * A symbolic size is taken to be at least 1, and symbolic bounds to lie inside the axis, as the exporters that write them mean it.
 * Where that does not settle the length, it stays unknown.
 */
function slicedSize(size: Dimension, start: Dimension, end: Dimension, step: Dimension): Dimension {
  if (typeof size === "number" && typeof start === "number" && typeof end === "number" && typeof step === "number") {
    return clampCut(size, start, end, step).count;
  }
  const isReversal = step === -1 && start === -1 && typeof end === "number" && end <= -BEYOND_ANY_SIZE;
  if (isReversal) return size;
  if (step !== 1) return UNKNOWN_SIZE;
  const reachesEnd = end === size || (typeof end === "number" && end >= BEYOND_ANY_SIZE);
  if (start === -1 && reachesEnd) return 1;
  if (start === 0 && end === 1) return 1;
  if (typeof start === "number" && start < 0) return UNKNOWN_SIZE;
  if (reachesEnd) return subtract(size, start);
  if (typeof end !== "number") return subtract(end, start);
  return end < 0 ? subtract(subtract(size, -end), start) : boundedLength(size, start, end);
}

/** From `start` to a number: open when the axis itself may be shorter than that. */
function boundedLength(size: Dimension, start: Dimension, end: number): Dimension {
  return typeof size === "number" ? subtract(Math.min(end, size), start) : UNKNOWN_SIZE;
}
