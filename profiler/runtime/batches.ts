import type { SampleSet } from "../calibration/sample-set.ts";
import type { NamedTensors } from "../tensors/numeric-tensor.ts";

export interface BatchOptions {
  /** Samples a run; as many as BATCH_ELEMENTS allows when left out. Models of a fixed batch take one at a time. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RunProgress) => void;
}

export interface RunProgress {
  /** Samples. */
  readonly done: number;
  readonly total: number;
}

export interface InputBatch {
  /** Number of the first sample. */
  readonly start: number;
  readonly count: number;
  readonly inputs: NamedTensors;
  readonly labels?: readonly number[];
}

/** Input elements a run: seven pictures of 224×224. Activations take some ten times as much memory, however large the calibration set. */
const BATCH_ELEMENTS = 2 ** 20;
/** More samples at once are not faster. */
const LARGEST_BATCH = 32;

/**
 * The samples batch by batch, each read when it is asked for. Progress is told when the consumer is done with a batch.
 * @throws the signal's reason when it aborts
 */
export async function* batchesOf(samples: SampleSet, options: BatchOptions = {}): AsyncGenerator<InputBatch> {
  const size = batchSizeOf(samples, options.batchSize);
  for (let start = 0; start < samples.count; start += size) {
    options.signal?.throwIfAborted();
    const count = Math.min(size, samples.count - start);
    yield { start, count, ...(await samples.batch(start, count)) };
    options.onProgress?.({ done: start + count, total: samples.count });
  }
}

function batchSizeOf({ mostPerRun, elementsPerSample }: SampleSet, asked: number | undefined): number {
  const affordable = Math.max(1, Math.floor(BATCH_ELEMENTS / Math.max(1, elementsPerSample)));
  return Math.max(1, Math.min(mostPerRun, asked ?? Math.min(LARGEST_BATCH, affordable)));
}
