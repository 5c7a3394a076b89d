import type { Activations } from "./activations.ts";
import { gatherRows, type RowPlaces } from "./gather-rows.js";

/** What a tensor holds on all samples, wherever that is: here, or in the process of the runtime that made it, which saves moving it. */
export interface SampleValues {
  /** Batch outermost; axes as the graph has them. */
  readonly shape: readonly number[];
  /** All elements, row-major. */
  read(): Promise<Float32Array>;
  /** @returns rows × (channels · taps) of `places`, an array of its own */
  rows(places: RowPlaces): Promise<Float32Array>;
  /** It is not asked for anything afterwards. */
  release(): void;
}

/** Those of this process. */
export function valuesHere({ shape, data }: Activations): SampleValues {
  return {
    shape,
    read: () => Promise.resolve(data),
    rows: (places) => {
      const rows = new Float32Array(places.samples.length * places.channels * places.taps);
      gatherRows(data, places, rows);
      return Promise.resolve(rows);
    },
    release: () => undefined,
  };
}
