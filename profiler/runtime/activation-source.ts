import type { CalibrationSpec } from "../calibration/spec.ts";
import { openSamples } from "../calibration/sample-set.ts";
import { formatOf } from "../formats/formats.ts";
import type { Model, Quantization, TensorId } from "../model/model.ts";
import type { ActivationSource, Activations } from "../neutral/activations.ts";
import { captureActivations } from "./capture.ts";
import { openSession } from "./open-session.ts";
import type { OpenSession } from "./session-pool.ts";
import { inputPorts } from "./model-ports.ts";

/**
 * What a model's tensors hold on calibration samples, for edits that compute weights from them. The model is run as it is now, edits
 * included, without being written anywhere.
 * @param open where its sessions come from
 * @param signal ends runs that are under way
 * @throws {CalibrationError} when the samples do not fit the model
 */
export function activationsOn(
  model: Model,
  calibration: CalibrationSpec,
  open: OpenSession = openSession,
  signal?: AbortSignal,
): ActivationSource {
  const options = { open, ...(signal && { signal }) };
  const { tensors } = model.entries[0].graph;
  const schemes = formatOf(model).quantizedActivations(model);
  return {
    countSamples: () => countSamples(model, calibration),
    async *capture(ids) {
      const names = new Map(ids.map((id): [string, TensorId] => [tensors[id]?.name ?? "", id]));
      for await (const { activations } of captureActivations(model, [...names.keys()], calibration, options)) {
        const batch = new Map<TensorId, Activations>();
        for (const [name, { shape, data }] of activations) {
          const id = names.get(name);
          if (id === undefined) continue;
          const numbers = data instanceof Float32Array ? data : Float32Array.from(data);
          batch.set(id, { shape, data: realNumbers(numbers, schemes.get(id)) });
        }
        yield batch;
      }
    },
  };
}

/** What integers stand for, where the session gives them as they are. */
function realNumbers(data: Float32Array, scheme: Quantization | undefined): Float32Array {
  if (scheme === undefined) return data;
  const {
    scales: [scale = 1],
    zeroPoints: [zeroPoint = 0],
  } = scheme;
  return data.map((value) => (value - zeroPoint) * scale);
}

/** No runtime is asked: a model's file tells what its inputs take. */
async function countSamples(model: Model, calibration: CalibrationSpec): Promise<number> {
  const samples = await openSamples(calibration, inputPorts(model));
  await samples.close();
  return samples.count;
}
