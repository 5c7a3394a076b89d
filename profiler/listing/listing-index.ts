import type { ListedTensor, ModelListing, Occurrence, Region } from "./listing.ts";

/** Finds things in a listing by their place, and places by the thing. */
export class ListingIndex {
  readonly listing: ModelListing;
  readonly #layers = new Map<number, number>();
  readonly #byLine = new Map<number, Occurrence[]>();
  readonly #byTensor = new Map<number, Occurrence[]>();

  constructor(listing: ModelListing) {
    this.listing = listing;
    listing.lines.forEach((line, layer) => this.#layers.set(line, layer));
    for (const occurrence of listing.occurrences) {
      append(this.#byLine, occurrence.line, occurrence);
      append(this.#byTensor, occurrence.tensor, occurrence);
    }
  }

  /** Index of the layer that a line shows. */
  layerAt(line: number): number | undefined {
    return this.#layers.get(line);
  }

  lineOf(layer: number): number | undefined {
    return this.listing.lines[layer];
  }

  /** Layers on lines from `first` to `last`, both included, in the order of the text. */
  layersBetween(first: number, last: number): readonly number[] {
    return this.listing.lines.flatMap((line, layer) => (line >= first && line <= last ? [layer] : []));
  }

  tensorAt(line: number, column: number): Occurrence | undefined {
    return this.#byLine.get(line)?.find(({ start, end }) => start <= column && column <= end);
  }

  tensor({ tensor }: Occurrence): ListedTensor | undefined {
    return this.listing.tensors[tensor];
  }

  /** Every place that names the same tensor, in the order of the text. */
  occurrencesOf({ tensor }: Occurrence): readonly Occurrence[] {
    return this.#byTensor.get(tensor) ?? [];
  }

  /** Where the tensor is made; a body's input is made outside and named again at the body's head. */
  definitionsOf(occurrence: Occurrence): readonly Occurrence[] {
    return this.occurrencesOf(occurrence).filter(({ isDefinition }) => isDefinition);
  }

  /** Regions around a line, outermost first. */
  regionsAround(line: number): readonly Region[] {
    return this.listing.regions.filter(({ first, last }) => first <= line && line <= last);
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
