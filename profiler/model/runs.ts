/** A list that was edited, told by the list before: what stayed, as runs of it, and what is new between them. */
export interface Runs<T> {
  /** In the order of the edited list. */
  readonly parts: readonly RunPart<T>[];
  /** Positions in the list before of what is not in the edited one. */
  readonly gone: readonly number[];
}

export interface RunPart<T> {
  /** Positions in the list before: the part holds those from `from` up to `to`, which is empty for one that only holds new ones. */
  readonly from: number;
  readonly to: number;
  /** What stands behind them in the edited list. */
  readonly came: readonly T[];
}

/**
 * Compares two lists of objects by their identity, without a look into those that are the same at both places.
 * @param positionOf of what the list before has
 * @returns undefined when what stayed is in another order
 */
export function runsOf<T extends object>(
  before: readonly T[],
  after: readonly T[],
  positionOf: (item: T) => number | undefined,
): Runs<T> | undefined {
  const parts: RunPart<T>[] = [];
  const gone: number[] = [];
  let next = 0;
  let place = 0;
  do {
    const from = next;
    while (place < after.length && next < before.length && before[next] === after[place]) {
      next += 1;
      place += 1;
    }
    const to = next;
    const came: T[] = [];
    for (let item = after[place]; item !== undefined; item = after[place]) {
      const position = positionOf(item);
      if (position !== undefined) {
        if (position < next) return undefined;
        while (next < position) gone.push(next++);
        break;
      }
      came.push(item);
      place += 1;
    }
    parts.push({ from, to, came });
  } while (place < after.length);
  while (next < before.length) gone.push(next++);
  return { parts, gone };
}

/** The list that belongs to an edited one: what belonged to what stayed, and what is made of what is new. */
export function spliced<T, U>(runs: Runs<T>, kept: readonly U[], make: (item: T) => U): U[] {
  const list: U[] = [];
  for (const { from, to, came } of runs.parts) {
    for (let position = from; position < to; position += 1) {
      const item = kept[position];
      if (item !== undefined) list.push(item);
    }
    for (const item of came) list.push(make(item));
  }
  return list;
}

/**
 * The runs of a list that belongs to an edited one, where some of what stayed has another companion now.
 * @param before companions of the list before
 * @param again the companion of what stayed at a position: the same object where it is none other
 */
export function companionRuns<T, U extends object>(
  { parts, gone }: Runs<T>,
  before: readonly U[],
  again: (position: number) => U | undefined,
  make: (item: T) => U,
): Runs<U> {
  const made: { from: number; to: number; came: U[] }[] = [];
  const replaced: number[] = [];
  for (const { from, to, came } of parts) {
    let part = { from, to: from, came: [] as U[] };
    made.push(part);
    for (let position = from; position < to; position += 1) {
      const companion = again(position);
      if (companion === before[position]) part.to = position + 1;
      else {
        replaced.push(position);
        if (companion) part.came.push(companion);
        part = { from: position + 1, to: position + 1, came: [] };
        made.push(part);
      }
    }
    for (const item of came) part.came.push(make(item));
  }
  return { parts: made, gone: replaced.length === 0 ? gone : [...gone, ...replaced].sort((a, b) => a - b) };
}
