import { RunError } from "../../errors.ts";
import { numberedTflite } from "../../formats/tflite/write.ts";
import { withFloatInputsOutputs, type FloatPort } from "../../formats/tflite/float-inputs-outputs.ts";
import type { Model } from "../../model/model.ts";
import { checkInputs } from "../check-inputs.ts";
import { withRange, type Port, type Session, type SessionRequest } from "../session.ts";
import type { NamedTensors } from "../numeric-tensor.ts";
import type { HostTflite } from "./bundles.ts";
import { NativeTflite, type NativePort } from "./native-tflite.ts";

/**
 * A session of a model whose sizes are all known in TFLite's own runtime. Quantized ports are given and taken as the real numbers that they
 * stand for, as in LiteRT.js; state begins each run as it begins the first.
 *
 * @throws {RunError} when TFLite refuses the model or dies of it
 */
export async function openNativeSession(tflite: HostTflite, model: Model, request: SessionRequest): Promise<Session> {
  const { captured, ranges, threads } = request;
  const written = await numberedTflite(model);
  const extra = captured.map(({ name, id }) => ({ name, tensor: written.numberOf(id) }));
  const ends = await withFloatInputsOutputs(model.file, written.bytes, extra);
  const title = `${model.file}: TFLite ${tflite.version}`;
  const native = await NativeTflite.open(tflite, ends.bytes, threads).catch((cause: unknown) => {
    throw new RunError(`${title} cannot load it: ${messageOf(cause)}`, { cause });
  });
  const inputs = portsOf(ends.inputs, native.inputs).map((port) => withRange(port, ranges.get(port.name)));
  const outputs = portsOf(ends.outputs, native.outputs);
  return {
    inputs,
    outputs: outputs.slice(0, outputs.length - captured.length),
    captured: outputs.slice(outputs.length - captured.length),
    skipped: [],
    run: async (given: NamedTensors) => {
      const checked = checkInputs(model.file, inputs, given);
      const results = await native.run(checked).catch((cause: unknown) => {
        throw new RunError(`${title} failed: ${messageOf(cause)}`, { cause });
      });
      return Object.fromEntries(
        ends.outputs.flatMap(({ name, place }) => {
          const result = results[place];
          return result === undefined ? [] : [[name, result] as const];
        }),
      );
    },
    close: () => native.close(),
  };
}

function portsOf(ports: readonly FloatPort[], opened: readonly NativePort[]): readonly Port[] {
  return ports.map(({ name, dataType, place }) => ({ name, dataType, shape: opened[place]?.shape ?? [] }));
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ").trim();
}
