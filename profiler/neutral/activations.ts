import type { TensorId } from "../model/model.ts";
import type { SampleValues } from "./sample-values.ts";

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

/** A part of a graph that is ready to run. */
export interface GraphPart {
  /** @param given what each tensor before it holds on all samples @returns what each tensor behind it then holds, to be released */
  run(given: ReadonlyMap<TensorId, SampleValues>): Promise<ReadonlyMap<TensorId, SampleValues>>;
  close(): Promise<void>;
}
