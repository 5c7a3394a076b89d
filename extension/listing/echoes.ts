/**
 * Rows that somebody was asked to select, until it says that it has: with a slow answer the asker may have moved on, and would be led back to
 * where it was. An answer also settles what was asked before it, since only the last of several may be answered.
 */
export class Echoes {
  readonly #asked = new WeakMap<object, number[]>();

  expect(who: object, row: number): void {
    const asked = this.#asked.get(who);
    if (asked) asked.push(row);
    else this.#asked.set(who, [row]);
  }

  /** The last row that is still to be answered: where the page will be, whatever it says on its way there. */
  last(who: object): number | undefined {
    return this.#asked.get(who)?.at(-1);
  }

  /** Whether a selection answers what was asked for. One that does not is a choice of its own, after which nothing is expected any more. */
  take(who: object, row: number): boolean {
    const asked = this.#asked.get(who) ?? [];
    const place = asked.indexOf(row);
    this.#asked.set(who, place < 0 ? [] : asked.slice(place + 1));
    return place >= 0;
  }
}
