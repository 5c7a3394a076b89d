import { RunError } from "../../errors.ts";
import { numberedTflite } from "../../formats/tflite/write.ts";
import { withFloatInputsOutputs, type FloatPort } from "../../formats/tflite/float-inputs-outputs.ts";
import type { Model } from "../../model/model.ts";
import { checkInputs } from "../../tensors/check-inputs.ts";
import { runError } from "../process/run-error.ts";
import { type Session, type SessionRequest } from "../session.ts";
import { withRange, type Port } from "../../tensors/port.ts";
import type { NamedTensors } from "../../tensors/numeric-tensor.ts";
import type { HostTflite } from "./bundles.ts";
import { NativeTflite, type NativePort } from "./native-tflite.ts";

/**
 * A session of a model whose sizes are all known in TFLite's own runtime. Quantized ports are given and taken as the real numbers that they
 * stand for, as in LiteRT.js; state begins each run as it begins the first.
 *
 * @throws {RunError} when TFLite refuses the model or dies of it
 */
export async function openNativeSession(tflite: HostTflite, model: Model, request: SessionRequest): Promise<Session> {
  const { captured, ranges, threads, signal } = request;
  const written = await numberedTflite(model);
  const extra = captured.map(({ name, id }) => ({ name, tensor: written.numberOf(id) }));
  const float = await withFloatInputsOutputs(model.file, written.bytes, extra);
  const title = `${model.file}: TFLite ${tflite.version}`;
  const open = (until: AbortSignal | undefined): Promise<NativeTflite> =>
    NativeTflite.open(tflite, float.bytes, { threads, signal: until }).catch((cause: unknown) => {
      throw runError(`${title} cannot load it`, cause, { signal: until });
    });
  let native = await open(signal);
  let isClosed = false;
  /** Runs stand behind each other: of two that find its process gone, one starts it anew. */
  let last: Promise<unknown> = Promise.resolve();
  const run = async (given: NamedTensors, until: AbortSignal | undefined): Promise<NamedTensors> => {
    if (!isClosed && native.isEnded) native = await open(until);
    if (isClosed) {
      await native.close();
      throw new RunError(`${model.file}: the session is closed`);
    }
    const results = await native.run(checkInputs(model.file, inputs, given), until).catch((cause: unknown) => {
      throw runError(`${title} failed`, cause, { signal: until });
    });
    return Object.fromEntries(
      float.outputs.flatMap(({ name, place }) => {
        const result = results[place];
        return result === undefined ? [] : [[name, result] as const];
      }),
    );
  };
  const inputs = portsOf(float.inputs, native.inputs).map((port) => withRange(port, ranges.get(port.name)));
  const outputs = portsOf(float.outputs, native.outputs);
  return {
    inputs,
    outputs: outputs.slice(0, outputs.length - captured.length),
    captured: outputs.slice(outputs.length - captured.length),
    skipped: [],
    run: (given: NamedTensors, until = signal) => {
      const result = last.then(() => run(given, until));
      last = result.catch(() => undefined);
      return result;
    },
    close: () => {
      isClosed = true;
      return native.close();
    },
  };
}

function portsOf(ports: readonly FloatPort[], opened: readonly NativePort[]): readonly Port[] {
  return ports.map(({ name, dataType, place }) => ({ name, dataType, shape: opened[place]?.shape ?? [] }));
}
