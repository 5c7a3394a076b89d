import type { BoundDimension } from "./profile.ts";

/** Sizes of pictures, windows and sequences that models are made for, the smallest first. */
const CANDIDATES = [2, 4, 8, 16, 32, 64, 96, 128, 160, 192, 224, 256, 320, 384, 416, 512, 640, 800, 1024, 4096, 16_000];

/** A try is an inference of the whole model. */
const MOST_TRIES = 64;
/** Layers inferred in all tries together: about a second. */
const MOST_LAYERS = 50_000;

/**
 * Sizes that let a model run whose defaults do not: the fewest dimensions are changed, and each to the smallest candidate that helps.
 * @param dimensions with the values that do not work
 * @param layers how many the model has: large ones are tried less often
 * @param works whether the model can run with these sizes in the place of the defaults
 * @returns by name; empty when no candidate helps
 */
export function workingSizes(
  dimensions: readonly BoundDimension[],
  layers: number,
  works: (sizes: Readonly<Record<string, number>>) => boolean,
): Readonly<Record<string, number>> {
  const open = dimensions.filter(({ source }) => source === "default").map(({ name }) => name);
  // The first axis is most often the batch, which no layer needs to be larger: it is changed last.
  const isFirst = (name: string): boolean =>
    dimensions.find((dimension) => dimension.name === name)?.occurrences.every((place) => place.endsWith("[0]")) ===
    true;
  const rest = open.filter((name) => !isFirst(name));
  const groups = [...rest.map((name) => [name]), rest, ...open.filter(isFirst).map((name) => [name]), open];
  const most = Math.min(MOST_TRIES, Math.floor(MOST_LAYERS / Math.max(1, layers)));
  let tries = 0;
  for (const names of groups.filter(({ length }) => length > 0)) {
    for (const size of CANDIDATES) {
      if (tries === most) return {};
      tries += 1;
      const sizes = Object.fromEntries(names.map((name) => [name, size]));
      if (works(sizes)) return sizes;
    }
  }
  return {};
}
