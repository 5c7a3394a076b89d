import { ownEntry } from "../../own-entry.ts";
import { RunError } from "../../errors.ts";
import { modelBytes } from "../../formats/formats.ts";
import { withFloatInputsOutputs } from "../../formats/tflite/float-inputs-outputs.ts";
import type { Model } from "../../model/model.ts";
import { LitertThread, type TimedRuns } from "../../runtime/litert-thread.ts";
import type { NamedTensors } from "../../runtime/numeric-tensor.ts";
import type { PreparedRun } from "../prepared-run.ts";

export interface TfliteSettings {
  readonly warmUpRuns: number;
  readonly runs: number;
  readonly budgetSeconds: number;
}

export interface TfliteMeasurement extends Omit<TimedRuns, "outputs"> {
  readonly loadSeconds: number;
  readonly outputs: NamedTensors;
}

/**
 * Times a model in LiteRT.js, in the thread that runs it. Quantized ports are given and taken as real numbers, so the conversion is part of
 * each run.
 * @throws {RunError} when LiteRT.js refuses the model
 * @throws the signal's reason when it aborts
 */
export async function runTfliteThread(
  model: Model,
  { inputs }: Pick<PreparedRun, "inputs">,
  settings: TfliteSettings,
  signal?: AbortSignal,
): Promise<TfliteMeasurement> {
  const ports = await withFloatInputsOutputs(model.file, await modelBytes(model), []);
  const thread = new LitertThread();
  const stop = (): void => void thread.close();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    const start = performance.now();
    await thread.request("open", ports.bytes);
    const loadSeconds = (performance.now() - start) / 1000;
    const given = ports.inputs.map(({ name }) => {
      const tensor = ownEntry(inputs, name);
      if (tensor === undefined) throw new RunError(`${model.file}: input "${name}" is missing`);
      return { data: tensor.data, shape: tensor.shape };
    });
    const { outputs, ...timed } = await thread.request("time", { inputs: given, ...settings });
    const named = ports.outputs.flatMap(({ name, dataType, place }) => {
      const output = outputs[place];
      return output === undefined ? [] : [[name, { dataType, ...output }] as const];
    });
    return { ...timed, loadSeconds, outputs: Object.fromEntries(named) };
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof RunError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RunError(`${model.file}: LiteRT.js cannot run it: ${reason}`, { cause });
  } finally {
    signal?.removeEventListener("abort", stop);
    await thread.close();
  }
}
