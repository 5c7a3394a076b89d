import type { ChannelMap, Labels, Unit } from "./channel-map.ts";

/** Units that have as many positions in every tensor are of one class. Built in one pass over the channels of all tensors. */
export class UnitClasses {
  readonly #classOf: Int32Array;
  /** By class. */
  readonly #places: number[][] = [];

  constructor(map: ChannelMap) {
    const all = map.allLabels();
    this.#classOf = partedBy(map, all);
    const present = new Map([...all].map((labels) => [labels, this.#present(map, labels)]));
    for (const [place, { inputs, outputs }] of map.graph.layers.entries()) {
      const touching = [inputs[0], outputs[0]].flatMap((tensor) => {
        const labels = map.labels(tensor);
        return labels === undefined ? [] : [...(present.get(labels) ?? [])];
      });
      for (const each of new Set(touching)) (this.#places[each] ??= []).push(place);
    }
  }

  /** A number that only units of the same class have. */
  classOf(unit: Unit): number {
    return this.#classOf[unit] ?? NOWHERE;
  }

  /** Layers whose first input or output carries one of the units, by their places in the graph's order, which they are in. */
  placesOf(units: Iterable<Unit>): readonly number[] {
    const classes = new Set(Array.from(units, (unit) => this.classOf(unit)));
    return [...new Set([...classes].flatMap((each) => this.#places[each] ?? []))].sort((a, b) => a - b);
  }

  #present(map: ChannelMap, labels: Labels): ReadonlySet<number> {
    return new Set(map.units(labels).map((unit) => this.classOf(unit)));
  }
}

/** The class of units that no tensor carries. */
const NOWHERE = 0;

/** Units are of one class until a tensor tells them apart. */
function partedBy(map: ChannelMap, all: Iterable<Labels>): Int32Array {
  const classes = new Int32Array(map.size).fill(NOWHERE);
  const counts = new Int32Array(map.size);
  let last = NOWHERE;
  for (const labels of all) {
    const units = map.units(labels);
    for (const unit of units) counts[unit] = (counts[unit] ?? 0) + 1;
    const parts = new Map<number, number>();
    for (const unit of units) {
      const count = counts[unit] ?? 0;
      if (count === 0) continue;
      const part = (classes[unit] ?? NOWHERE) * (units.length + 1) + count;
      if (!parts.has(part)) parts.set(part, (last += 1));
      classes[unit] = parts.get(part) ?? last;
      counts[unit] = 0;
    }
  }
  return classes;
}
