/** One of a round's moves, made and costed. */
export interface Contender {
  /** On the samples that its model was measured on. */
  readonly error: number;
  /** What it saves, as part of what was too much at the start; not above 0: nothing. */
  readonly gain: number;
}

/**
 * Which of a round's moves to take: the one that adds least error for what it really saves.
 * @param standing error of the model that they were made of
 * @returns its position; undefined where none saves anything
 */
export function worthiest(contenders: readonly Contender[], standing: number): number | undefined {
  const ratio = ({ error, gain }: Contender): number =>
    gain > 0 ? Math.max(0, error - standing) / gain : Number.POSITIVE_INFINITY;
  return contenders
    .map((contender, position) => ({ position, gain: contender.gain, ratio: ratio(contender) }))
    .filter((each) => Number.isFinite(each.ratio))
    .toSorted((a, b) => a.ratio - b.ratio || b.gain - a.gain)[0]?.position;
}
