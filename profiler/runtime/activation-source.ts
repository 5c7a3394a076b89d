import type { CalibrationSpec } from "../calibration/spec.ts";
import { openSamples } from "../calibration/sample-set.ts";
import type { Model, TensorId } from "../model/model.ts";
import type { ActivationSource, Activations } from "../neutral/activations.ts";
import { captureActivations } from "./capture.ts";
import { openSession } from "./open-session.ts";
import type { OpenSession } from "./session-pool.ts";
import { inputPorts } from "./model-ports.ts";

/**
 * What a model's tensors hold on calibration samples, for edits that compute weights from them. The model is run as it is now, edits
 * included, without being written anywhere.
 * @param open where its sessions come from
 * @throws {CalibrationError} when the samples do not fit the model
 */
export function activationsOn(
  model: Model,
  calibration: CalibrationSpec,
  open: OpenSession = openSession,
): ActivationSource {
  const { tensors } = model.entries[0].graph;
  return {
    countSamples: () => countSamples(model, calibration),
    async *capture(ids) {
      const names = new Map(ids.map((id): [string, TensorId] => [tensors[id]?.name ?? "", id]));
      for await (const { activations } of captureActivations(model, [...names.keys()], calibration, { open })) {
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

/** No runtime is asked: a model's file tells what its inputs take. */
async function countSamples(model: Model, calibration: CalibrationSpec): Promise<number> {
  const samples = await openSamples(calibration, inputPorts(model));
  await samples.close();
  return samples.count;
}
