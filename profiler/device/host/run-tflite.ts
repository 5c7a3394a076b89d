import { ownEntry } from "../../own-entry.ts";
import { RunError } from "../../errors.ts";
import { modelBytes } from "../../formats/formats.ts";
import { withFloatInputsOutputs } from "../../formats/tflite/float-inputs-outputs.ts";
import type { Model } from "../../model/model.ts";
import { namedOutputs } from "../../runtime/litert-session.ts";
import type { NamedTensors } from "../../tensors/numeric-tensor.ts";
import { runError } from "../../runtime/process/run-error.ts";
import { ProcessEnded, RuntimeProcess } from "../../runtime/process/runtime-process.ts";
import { DeviceError, OTHER_RUNTIME } from "../device-error.ts";
import type { PreparedRun } from "../prepared-run.ts";
import type { HostTiming, ProcessControl } from "./measuring-plan.ts";

export interface TfliteMeasurement {
  readonly loadSeconds: number;
  readonly firstSeconds: number;
  readonly runSeconds: readonly number[];
  /** Of the process before it had the model, and at most. */
  readonly baselineBytes: number;
  readonly peakBytes: number;
  readonly outputs: NamedTensors;
}

interface Times {
  readonly firstSeconds: number;
  readonly runSeconds: readonly number[];
  readonly shapes: readonly (readonly number[])[];
}

/**
 * Times a model in LiteRT.js, in a process of its own. Quantized ports are given and taken as real numbers, so the conversion is part of
 * each run.
 * @throws {RunError} when LiteRT.js refuses the model
 * @throws {DeviceError} when it takes longer than the limit, or the process dies
 * @throws the signal's reason when it aborts
 */
export async function runTfliteProcess(
  model: Model,
  { inputs }: Pick<PreparedRun, "inputs">,
  settings: Pick<HostTiming, "warmUpRuns" | "runs" | "budgetSeconds">,
  { signal, limitSeconds }: Pick<ProcessControl, "signal" | "limitSeconds">,
): Promise<TfliteMeasurement> {
  const ports = await withFloatInputsOutputs(model.file, await modelBytes(model), []);
  const given = ports.inputs.map(({ name }) => {
    const tensor = ownEntry(inputs, name);
    if (tensor === undefined) throw new RunError(`${model.file}: input "${name}" is missing`);
    return tensor;
  });
  const process = new RuntimeProcess("LiteRT.js");
  const asked = { signal, seconds: limitSeconds };
  const memory = async (): Promise<number> => {
    const { result } = await process.request({ action: "memory", value: {}, ...asked });
    return (result as { readonly peakBytes: number }).peakBytes;
  };
  try {
    const baselineBytes = await memory();
    const start = performance.now();
    const opened = await process.request({ action: "open", value: {}, arrays: [ports.bytes], ...asked });
    const loadSeconds = (performance.now() - start) / 1000;
    const { handle } = opened.result as { readonly handle: number };
    const timed = await process.request({
      action: "time",
      value: { handle, shapes: given.map(({ shape }) => shape), ...settings },
      arrays: given.map(({ data }) => data),
      ...asked,
    });
    const { firstSeconds, runSeconds, shapes } = timed.result as Times;
    const outputs = namedOutputs(ports.outputs, shapes, timed.arrays);
    return { loadSeconds, firstSeconds, runSeconds, baselineBytes, peakBytes: await memory(), outputs };
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof ProcessEnded)
      throw new DeviceError("failed", `${model.file} was not measured on this machine: ${cause.message}`, {
        hint: OTHER_RUNTIME,
        cause,
      });
    throw runError(`${model.file}: LiteRT.js cannot run it`, cause);
  } finally {
    process.end();
  }
}
