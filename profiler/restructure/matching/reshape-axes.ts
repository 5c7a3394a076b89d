import type { Dimension, Shape } from "../../model/shape.ts";

/** Neighbouring axes that a reshape makes of neighbouring axes: the same elements, and none of the other axes'. */
export interface Segment {
  readonly from: AxisRange;
  readonly to: AxisRange;
}

/** `end` is the first axis behind it. */
export interface AxisRange {
  readonly begin: number;
  readonly end: number;
}

/**
 * The smallest parts that a row-major reshape consists of: [N, 116, 7, 7] → [N, 2, 58, 7, 7] is N → N, 116 → 2·58, 7 → 7, 7 → 7.
 * @returns undefined where sizes that only the run knows stand in the way
 */
export function reshapeSegments(from: Shape, to: Shape): readonly Segment[] | undefined {
  const segments: Segment[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    const begin = { from: i, to: j };
    if (isBatch(from, to, i, j)) [i, j] = [i + 1, j + 1];
    else {
      let left = takeSize(from[i++]);
      let right = takeSize(to[j++]);
      while (left !== right) {
        if (left === undefined || right === undefined) return undefined;
        if (left < right) left = times(left, from[i++]);
        else right = times(right, to[j++]);
      }
      if (left === undefined) return undefined;
    }
    segments.push({ from: { begin: begin.from, end: i }, to: { begin: begin.to, end: j } });
  }
  return segments.map(({ from: before, to: after }) => ({
    from: { begin: before.begin, end: Math.min(before.end, from.length) },
    to: { begin: after.begin, end: Math.min(after.end, to.length) },
  }));
}

/** The same size under one name, or a first size that the run decides on both sides where all others are known to agree. */
function isBatch(from: Shape, to: Shape, i: number, j: number): boolean {
  const [before, after] = [from[i], to[j]];
  if (before === undefined || after === undefined) return false;
  if (before === after) return true;
  if (i > 0 || j > 0 || (typeof before === "number" && typeof after === "number")) return false;
  const rest = product(from.slice(1));
  return rest !== undefined && rest === product(to.slice(1));
}

/** Behind the last axis there are only ones. */
function takeSize(size: Dimension | undefined): number | undefined {
  if (size === undefined) return 1;
  return typeof size === "number" ? size : undefined;
}

function times(size: number, next: Dimension | undefined): number | undefined {
  return typeof next === "number" ? size * next : undefined;
}

function product(shape: Shape): number | undefined {
  return shape.reduce<number | undefined>(
    (result, size) => (result === undefined ? undefined : times(result, size)),
    1,
  );
}
