/** What is known of weights on samples that nothing is trained on. */
export interface HeldOutPoint {
  /** Mean square of the difference to the original's outputs over their energy: 0.01 is 20 dB. */
  readonly heldOut: number;
  /** Share of the samples of which both models say the same class; null where no output gives one number a class. */
  readonly agreement: number | null;
}

/**
 * The weights to keep: those before training, unless others err less and say the original's class no less often than those did. A smaller
 * error alone can hide that answers turned: it is made of all numbers, and the answer of two.
 * @param points the one before training first
 * @returns the position of the best one
 */
export function bestOf(points: readonly HeldOutPoint[]): number {
  const least = points[0]?.agreement ?? 0;
  let best = 0;
  for (const [position, { heldOut, agreement }] of points.entries())
    if (heldOut < (points[best]?.heldOut ?? Infinity) && (agreement ?? 1) >= least) best = position;
  return best;
}
