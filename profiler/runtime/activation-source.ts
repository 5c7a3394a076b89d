import { FileSource } from "../bytes/file-source.ts";
import type { Model, TensorId } from "../model/model.ts";
import { isEdited } from "../neutral/edited-model.ts";
import type { ActivationSource, Activations } from "../restructure/restructuring.ts";
import { modelBytes } from "../formats/write-model.ts";
import { captureActivations } from "./capture.ts";
import type { CalibrationSpec } from "../calibration/spec.ts";
import { openSamples } from "../calibration/sample-set.ts";
import { openSession } from "./open-session.ts";
import type { RunnableModel } from "./session.ts";

/**
 * What a model's tensors hold on calibration samples, for edits that compute weights from them. The model is run as it is now, edits
 * included, without being written anywhere.
 * @throws {CalibrationError} when the samples do not fit the model
 */
export async function activationsOn(model: Model, calibration: CalibrationSpec): Promise<ActivationSource> {
  const runnable = await inMemory(model);
  const { tensors } = model.entries[0].graph;
  return {
    countSamples: () => countSamples(runnable, calibration),
    async *capture(ids) {
      const names = new Map(ids.map((id): [string, TensorId] => [tensors[id]?.name ?? "", id]));
      for await (const { activations } of captureActivations(runnable, [...names.keys()], calibration)) {
        const batch = new Map<TensorId, Activations>();
        for (const [name, { shape, data }] of activations) {
          const id = names.get(name);
          if (id !== undefined)
            batch.set(id, { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) });
        }
        yield batch;
      }
    },
  };
}

/** A model with its edits, ready to run without being written: in memory, or the file itself where nothing was edited. */
export async function inMemory(model: Model): Promise<RunnableModel> {
  if (model.source instanceof FileSource && !isEdited(model)) return { path: model.source.path };
  return { name: model.file, bytes: await modelBytes(model), basePath: model.file };
}

async function countSamples(runnable: RunnableModel, calibration: CalibrationSpec): Promise<number> {
  const session = await openSession(runnable);
  try {
    const samples = await openSamples(calibration, session.inputs);
    await samples.close();
    return samples.count;
  } finally {
    await session.close();
  }
}
