import type { HeldOutPart } from "./spec.ts";

/** One sample of so many is held out, where there are enough. */
const HELD_OUT = 8;
/** Fewer tell nothing. */
const FEWEST_HELD_OUT = 8;

/** Of so many samples every how many-th is held out: they are spread, as samples often come sorted by class. */
export function heldOutEvery(count: number): number {
  return Math.max(2, Math.min(HELD_OUT, Math.floor(count / FEWEST_HELD_OUT)));
}

/** Positions of the samples of a part. */
export function positionsToHold(count: number, part: HeldOutPart): readonly number[] {
  const every = heldOutEvery(count);
  return Array.from({ length: count }, (_, position) => position).filter(
    (position) => (position % every === every - 1) === (part === "to-judge"),
  );
}
