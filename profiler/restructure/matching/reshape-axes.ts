import type { Dimension, Shape } from "../../model/shape.ts";
import { exactDivide, multiply, UNKNOWN_SIZE, wholeFactor } from "../../shapes/dimension.ts";

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
 * The smallest parts that a row-major reshape consists of: [N, 116, 7, 7] → [N, 2, 58, 7, 7] is N → N, 116 → 2·58, 7 → 7, 7 → 7, and
 * [17, N, 32] → [17, 4·N, 8] is 17 → 17, N·32 → 4·N·8.
 * @returns undefined where sizes that only the run knows stand in the way
 */
export function reshapeSegments(from: Shape, to: Shape): readonly Segment[] | undefined {
  const segments: Segment[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    const begin = { from: i, to: j };
    if (isBatch(from, to, i, j)) [i, j] = [i + 1, j + 1];
    else if (from[i] === 1 && isOpen(to[j])) i += 1;
    else if (to[j] === 1 && isOpen(from[i])) j += 1;
    else {
      // Behind the last axis there are only ones.
      let left: Dimension = from[i++] ?? 1;
      let right: Dimension = to[j++] ?? 1;
      while (left !== right) {
        const smaller = smallerOf(left, right);
        if (smaller === "left" && i < from.length) left = multiply(left, from[i++] ?? 1);
        else if (smaller === "right" && j < to.length) right = multiply(right, to[j++] ?? 1);
        else return undefined;
      }
      if (left === UNKNOWN_SIZE) return undefined;
    }
    segments.push({ from: { begin: begin.from, end: i }, to: { begin: begin.to, end: j } });
  }
  return segments.map(({ from: before, to: after }) => ({
    from: { begin: before.begin, end: Math.min(before.end, from.length) },
    to: { begin: after.begin, end: Math.min(after.end, to.length) },
  }));
}

function isOpen(size: Dimension | undefined): boolean {
  return size !== undefined && typeof size !== "number";
}

/** Which of two products is to go on; undefined where nobody can tell. */
function smallerOf(left: Dimension, right: Dimension): "left" | "right" | undefined {
  if (typeof left === "number" && typeof right === "number") return left < right ? "left" : "right";
  if (exactDivide(right, left) !== undefined) return "left";
  return exactDivide(left, right) === undefined ? undefined : "right";
}

/** The sizes of both sides of a segment, without what only the run knows: it stands before them on both sides. */
export interface InnerSizes {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** N·32 → 4·N·8 is, for each of N, 32 → 4·8: [1, 32] and [4, 8]. @returns undefined where sizes of the run stand elsewhere */
export function innerSizes(before: Shape, after: Shape): InnerSizes | undefined {
  const [a, b] = [parted(before), parted(after)];
  if (a === undefined || b === undefined || a.open !== b.open) return undefined;
  return { before: a.sizes, after: b.sizes };
}

function parted(shape: Shape): { readonly open: Dimension; readonly sizes: readonly number[] } | undefined {
  const [first = 1, ...others] = shape;
  const rest = others.filter((size) => typeof size === "number");
  if (rest.length < others.length || first === UNKNOWN_SIZE) return undefined;
  if (typeof first === "number") return { open: 1, sizes: shape.length === 0 ? [] : [first, ...rest] };
  const factor = wholeFactor(first);
  const open = exactDivide(first, factor);
  return open === undefined ? undefined : { open, sizes: [factor, ...rest] };
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

function product(shape: Shape): number | undefined {
  return shape.reduce<number | undefined>(
    (result, size) => (result === undefined || typeof size !== "number" ? undefined : result * size),
    1,
  );
}
