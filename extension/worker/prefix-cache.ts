/** The edited models that are kept: far more than the steps a user goes back and forth over. */
export const MOST_PREFIXES = 64;

/**
 * What came of each beginning of a list of edits, so that one more edit computes itself alone and taking one back computes nothing. The
 * ones not used for longest go first.
 */
export class PrefixCache<T extends object> {
  readonly #kept = new Map<string, T>();

  constructor(private readonly most = MOST_PREFIXES) {}

  /**
   * Goes through a list of steps from the longest beginning that is known.
   * @param keys one a step; equal keys mean equal steps
   * @param start what there is before the first step
   * @param step what step `index` makes of what is before it
   */
  async follow(keys: readonly string[], start: T, step: (before: T, index: number) => Promise<T>): Promise<T> {
    const beginnings = keys.map((_, index) => JSON.stringify(keys.slice(0, index + 1)));
    const known = beginnings.findLastIndex((beginning) => this.#kept.has(beginning));
    let current = start;
    for (const [index, beginning] of beginnings.entries()) {
      const kept = this.#kept.get(beginning);
      if (index <= known && kept === undefined) continue;
      current = kept ?? (await step(current, index));
      this.#keep(beginning, current);
    }
    return current;
  }

  clear(): void {
    this.#kept.clear();
  }

  #keep(beginning: string, value: T): void {
    this.#kept.delete(beginning);
    this.#kept.set(beginning, value);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.most && oldest !== undefined) this.#kept.delete(oldest);
  }
}
