import type { Entry, Model } from "./model.ts";

/** What is said of weights that the edited entry shares in the file with others: edits change those of one entry; the others keep theirs. */
export function sharedWeights({ entries: [first, ...others] }: Model): readonly string[] {
  const own = new Set(storedPlaces(first));
  return others.flatMap((other) => {
    const shared = storedPlaces(other).filter((place) => own.has(place)).length;
    if (shared === 0) return [];
    return `"${first.name}" and "${other.name}" share ${countText(shared)} in the file: an edit changes them for the entry that it is made in, and the file then holds both.`;
  });
}

/** What is said of those that edits have parted: the file holds the old ones for one entry and the new ones for the other. */
export function partedWeights(before: Model, after: Model): readonly string[] {
  const placesAfter = new Map(after.entries.map((entry) => [entry.name, new Set(storedPlaces(entry))]));
  return before.entries.flatMap((first, index) => {
    const own = new Set(storedPlaces(first));
    return before.entries.slice(index + 1).flatMap((other) => {
      const shared = storedPlaces(other).filter((place) => own.has(place));
      const has = ({ name }: Entry, place: string): boolean => placesAfter.get(name)?.has(place) === true;
      const [changed, kept] = shared.some((place) => !has(first, place)) ? [first, other] : [other, first];
      const parted = shared.filter((place) => !has(changed, place) && has(kept, place)).length;
      if (parted === 0) return [];
      return `"${kept.name}" keeps ${countText(parted)} that it shared with "${changed.name}", which was edited: the file holds both. The same edit of "${kept.name}" changes them there.`;
    });
  });
}

function countText(count: number): string {
  return count === 1 ? "1 weight" : `${count} weights`;
}

/** Lists of a few sizes and axes are no weights. */
function storedPlaces({ graph }: Entry): readonly string[] {
  return graph.tensors.flatMap(({ constant }) => {
    if (constant?.storage.kind !== "range" || (constant.values && constant.shape.length < 2)) return [];
    return `${constant.storage.offset}+${constant.storage.length}`;
  });
}
