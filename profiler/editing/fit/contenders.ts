/** One of a round's moves, made and costed. */
export interface Contender {
  /** On the samples that its model was measured on. */
  readonly error: number;
  /** What it saves, as part of what was too much at the start; not above 0: nothing. */
  readonly gain: number;
  /** The same as it was predicted. */
  readonly predicted: number;
}

/** Of a predicted gain. What is less may be the noise of the clock, and is not worth its error. */
const LEAST_PART = 0.5;

/** Whether a move saves what it was made for. */
export function keepsItsWord({ gain, predicted }: Pick<Contender, "gain" | "predicted">): boolean {
  return gain > 0 && gain >= LEAST_PART * predicted;
}

/**
 * Which of a round's moves to take: the one that adds least error for what it really saves.
 * @param standing error of the model that they were made of
 * @returns its position; undefined where none saves what it was made for
 */
export function worthiest(contenders: readonly Contender[], standing: number): number | undefined {
  const ratio = ({ error, gain }: Contender): number => Math.max(0, error - standing) / gain;
  return contenders
    .map((contender, position) => ({ position, gain: contender.gain, ratio: ratio(contender), contender }))
    .filter((each) => keepsItsWord(each.contender) && Number.isFinite(each.ratio))
    .toSorted((a, b) => a.ratio - b.ratio || b.gain - a.gain)[0]?.position;
}

/** Restructurings whose moves do not save here what their sizes say, such as narrower weights that the runtime widens when it loads them. */
export class Usefulness {
  readonly #failures = new Map<string, number>();

  note(restructuring: string, keptItsWord: boolean): void {
    // What once saved time is tried on.
    const before = this.#failures.get(restructuring) ?? 0;
    this.#failures.set(restructuring, keptItsWord ? Number.NEGATIVE_INFINITY : before + 1);
  }

  isWorthTrying(restructuring: string): boolean {
    return (this.#failures.get(restructuring) ?? 0) < MOST_FAILURES;
  }
}

const MOST_FAILURES = 2;
