import { ownEntry } from "../own-entry.ts";
import { RunError } from "../errors.ts";
import { batchesOf, type BatchOptions } from "./batches.ts";
import { openSamples } from "../calibration/sample-set.ts";
import type { CalibrationSpec } from "../calibration/spec.ts";
import type { NumericTensor } from "../tensors/numeric-tensor.ts";
import { openSession } from "./open-session.ts";
import type { OpenSession } from "./session-pool.ts";
import type { Model } from "../model/model.ts";
import { nameOf, type SessionOptions } from "./session.ts";

export interface ActivationBatch {
  /** Number of the first sample. */
  readonly start: number;
  readonly count: number;
  /** By the names asked for; the batch is the first dimension where the model has one. */
  readonly activations: ReadonlyMap<string, NumericTensor>;
  readonly labels?: readonly number[];
}

export type CaptureOptions = BatchOptions &
  Omit<SessionOptions, "tensors"> & {
    /** Where its session comes from. */
    readonly open?: OpenSession;
  };

/**
 * What tensors of a model hold when it runs on calibration samples, batch by batch: memory holds one batch. Names are those of inputs,
 * outputs and inner tensors of the main graph. Ends with the loop that consumes it, whichever way that ends.
 *
 * @throws {RunError} when a tensor cannot be captured or a run fails
 * @throws {CalibrationError} when the samples do not fit the model
 * @throws the signal's reason when it aborts
 */
export async function* captureActivations(
  model: Model,
  tensors: readonly string[],
  calibration: CalibrationSpec,
  { open = openSession, ...options }: CaptureOptions = {},
): AsyncGenerator<ActivationBatch> {
  const { optimization, threads, signal } = options;
  const session = await open(model, {
    tensors,
    ...(optimization && { optimization }),
    ...(threads !== undefined && { threads }),
    ...(signal && { signal }),
  });
  try {
    const samples = await openSamples(calibration, session.inputs);
    try {
      for await (const { start, count, inputs, labels } of batchesOf(samples, options)) {
        const outputs = await session.run(inputs, signal);
        const activations = tensors.map((name): [string, NumericTensor] => {
          const tensor = ownEntry(outputs, name) ?? ownEntry(inputs, name);
          if (tensor === undefined) throw new RunError(`${nameOf(model)}: "${name}" is not a tensor of numbers`);
          return [name, tensor];
        });
        yield { start, count, activations: new Map(activations), ...(labels && { labels }) };
      }
    } finally {
      await samples.close();
    }
  } finally {
    await session.close();
  }
}
