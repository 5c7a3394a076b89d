import type { LayerProfile, Profile, Totals } from "../profile.ts";

/** Two profiles, row beside row. */
export interface Comparison {
  readonly rows: readonly ComparedRow[];
  readonly totals: readonly ComparedTotal[];
}

/** A layer of both models, or of one of them. */
export interface ComparedRow {
  readonly before: LayerProfile | null;
  readonly after: LayerProfile | null;
}

export interface ComparedTotal {
  readonly id: keyof Totals;
  readonly before: number | null;
  readonly after: number | null;
}

type ComparedProfile = Pick<Profile, "layers" | "totals">;

/**
 * Aligns the layers of two models: those of one name are pairs (the first with the first, where a name repeats); between such pairs,
 * layers of one operator are paired in order; what is left stands alone where it stands in its own model.
 */
export function compareProfiles(before: ComparedProfile, after: ComparedProfile): Comparison {
  const rows: ComparedRow[] = [];
  let [left, right] = [0, 0];
  for (const { a, b } of [
    ...anchors(before.layers, after.layers),
    { a: before.layers.length, b: after.layers.length },
  ]) {
    rows.push(...pairByOperator(before.layers.slice(left, a), after.layers.slice(right, b)));
    const pair = { before: before.layers[a] ?? null, after: after.layers[b] ?? null };
    if (pair.before && pair.after) rows.push(pair);
    [left, right] = [a + 1, b + 1];
  }
  const ids = Object.keys(before.totals) as (keyof Totals)[];
  return { rows, totals: ids.map((id) => ({ id, before: before.totals[id], after: after.totals[id] })) };
}

interface Pair {
  readonly a: number;
  readonly b: number;
}

/** Pairs of one name in the order of both models: the longest such run, so that one layer that moved does not tear the rest apart. */
function anchors(before: readonly LayerProfile[], after: readonly LayerProfile[]): readonly Pair[] {
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

function pairByOperator(before: readonly LayerProfile[], after: readonly LayerProfile[]): readonly ComparedRow[] {
  const rows: ComparedRow[] = [];
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
