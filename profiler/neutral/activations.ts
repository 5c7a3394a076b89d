import type { TensorId } from "../model/model.ts";
import { gatherRows, type RowPlaces } from "./gather-rows.js";

/** Runs the graph that is being edited, as it is before this edit, on the calibration samples. */
export interface ActivationSource {
  countSamples(): Promise<number>;
  /** Tensors of the graph, batch by batch, in the same order at each call. */
  capture(tensors: readonly TensorId[]): AsyncIterable<ReadonlyMap<TensorId, Activations>>;
}

export interface Activations {
  /** Batch outermost; axes as the graph has them. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/** What a tensor holds on all samples, wherever that is: here, or in the process of the runtime that made it, which saves moving it. */
export interface SampleValues {
  /** Batch outermost, where each sample may have several entries, such as windows; axes as the graph has them. */
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

/** A part of a graph that is ready to run. */
export interface GraphPart {
  /**
   * @param given what each tensor before it holds on all samples
   * @param samples how many those are
   * @returns what each tensor behind it then holds, to be released
   */
  run(given: ReadonlyMap<TensorId, SampleValues>, samples: number): Promise<ReadonlyMap<TensorId, SampleValues>>;
  close(): Promise<void>;
}
