/** A layer, as far as telling which layer of another model it is. */
export interface NamedLayer {
  readonly name: string;
  readonly op: string;
}

/** A layer of both models, or of one of them. */
export interface AlignedLayers<L> {
  readonly before: L | null;
  readonly after: L | null;
}

/**
 * Aligns the layers of two models: those of one name are pairs (the first with the first, where a name repeats); between such pairs,
 * layers of one operator are paired in order; what is left stands alone where it stands in its own model.
 */
export function alignLayers<L extends NamedLayer>(
  before: readonly L[],
  after: readonly L[],
): readonly AlignedLayers<L>[] {
  return alignAround(before, after, pairByOperator);
}

/** Aligns layers of one name as `alignLayers` does. @param alignGap aligns what stands between two such pairs */
export function alignAround<L extends NamedLayer>(
  before: readonly L[],
  after: readonly L[],
  alignGap: (before: readonly L[], after: readonly L[]) => readonly AlignedLayers<L>[],
): readonly AlignedLayers<L>[] {
  const rows: AlignedLayers<L>[] = [];
  let [left, right] = [0, 0];
  for (const { a, b } of [...nameAnchors(before, after), { a: before.length, b: after.length }]) {
    rows.push(...alignGap(before.slice(left, a), after.slice(right, b)));
    const pair = { before: before[a] ?? null, after: after[b] ?? null };
    if (pair.before && pair.after) rows.push(pair);
    [left, right] = [a + 1, b + 1];
  }
  return rows;
}

interface Pair {
  readonly a: number;
  readonly b: number;
}

/** Pairs of one name in the order of both models: the longest such run, so that one layer that moved does not tear the rest apart. */
function nameAnchors(before: readonly NamedLayer[], after: readonly NamedLayer[]): readonly Pair[] {
  const places = new Map<string, number[]>();
  after.forEach(({ name, op }, index) => {
    const key = `${op} ${name}`;
    const known = places.get(key);
    if (known) known.push(index);
    else places.set(key, [index]);
  });
  const pairs = before.flatMap(({ name, op }, a): readonly Pair[] => {
    const b = places.get(`${op} ${name}`)?.shift();
    return b === undefined ? [] : [{ a, b }];
  });
  return longestRising(pairs);
}

/** The longest subsequence of pairs with rising `b`, by patience sorting: O(n log n). */
function longestRising(pairs: readonly Pair[]): readonly Pair[] {
  const tails: number[] = [];
  const previous: (number | undefined)[] = [];
  pairs.forEach(({ b }, index) => {
    let [low, high] = [0, tails.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[tails[middle] ?? 0]?.b ?? 0) < b) low = middle + 1;
      else high = middle;
    }
    previous[index] = tails[low - 1];
    tails[low] = index;
  });
  const run: Pair[] = [];
  for (let index = tails.at(-1); index !== undefined; index = previous[index]) {
    const pair = pairs[index];
    if (pair) run.push(pair);
  }
  return run.reverse();
}

function pairByOperator<L extends NamedLayer>(before: readonly L[], after: readonly L[]): readonly AlignedLayers<L>[] {
  const rows: AlignedLayers<L>[] = [];
  let next = 0;
  for (const layer of before) {
    const match = after.findIndex(({ op }, index) => index >= next && op === layer.op);
    if (match < 0) {
      rows.push({ before: layer, after: null });
      continue;
    }
    for (const alone of after.slice(next, match)) rows.push({ before: null, after: alone });
    rows.push({ before: layer, after: after[match] ?? null });
    next = match + 1;
  }
  return [...rows, ...after.slice(next).map((alone) => ({ before: null, after: alone }))];
}
