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
  /** What those rows come to together, where that saves moving them; left out or undefined: it is found of `rows`. */
  moments?(places: RowPlaces, request: MomentsRequest): Promise<RowMoments> | undefined;
  /** It is not asked for anything afterwards. */
  release(): void;
}

/** Rows A of a layer's inputs, and B of what it was given before other layers were changed, as fitting its weights W asks for them. */
export interface MomentsRequest {
  /** undefined: the same. */
  readonly before: SampleValues | undefined;
  /** W: outputs × columns */
  readonly weights: Float32Array;
  readonly outputs: number;
  /** The mean of each column is taken off first. */
  readonly isCentred: boolean;
}

export interface RowMoments {
  /** Aᵀ·A: columns × columns */
  readonly gram: Float32Array;
  /** Aᵀ·(B − A)·Wᵀ: columns × outputs; undefined where B is A */
  readonly pulls: Float32Array | undefined;
  /** Σ of the squared elements of B·Wᵀ. */
  readonly energy: number;
  /** What was taken off each column of A, and of B. */
  readonly meanNow: Float32Array;
  readonly meanBefore: Float32Array;
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
