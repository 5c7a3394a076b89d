import { ownEntry } from "../own-entry.ts";
import { RunError } from "../errors.ts";
import type { FormatId } from "../model/format.ts";
import type { Model, TensorId } from "../model/model.ts";
import type { Activations, GraphPart } from "../neutral/activations.ts";
import { boundTo } from "./bound-model.ts";
import { openFixedSession } from "./litert-session.ts";
import { newArray, type NamedTensors, type NumericArray, type NumericType } from "./numeric-tensor.ts";
import { openSession } from "./open-session.ts";
import type { OutputTarget, Session } from "./session.ts";

/** Elements of one run's inputs: activations take some ten times as much memory. */
const RUN_ELEMENTS = 2 ** 22;

/**
 * Makes a part of a model ready to run on many samples.
 * @param part whose inputs and outputs are those of its main graph
 * @throws {RunError} when the runtime refuses it
 * @throws the signal's reason when it aborts
 */
export async function openPart(part: Model, signal?: AbortSignal): Promise<GraphPart> {
  const runner = await RUNNERS[part.format](part, signal);
  const { graph } = part.entries[0];
  return { run: (given) => ran(part, graph, runner, given), close: () => runner.session.close() };
}

interface Runner {
  readonly session: Session;
  /** Samples that one run takes; undefined: as many as memory allows. */
  readonly batch?: number;
  readonly runEach?: (inputs: NamedTensors, count: number) => Promise<NamedTensors>;
}

async function openTflite(part: Model, signal: AbortSignal | undefined): Promise<Runner> {
  const request = { captured: [], ranges: new Map(), ...(signal && { signal }) };
  const session = await openFixedSession(boundTo(part, []), request);
  return {
    session,
    batch: fixedBatch(session) ?? 1,
    runEach: (inputs, count) => session.runEach(inputs, count, signal),
  };
}

async function openOnnx(part: Model, signal: AbortSignal | undefined): Promise<Runner> {
  const session = await openSession(part, signal ? { signal } : {});
  const batch = fixedBatch(session);
  return { session, ...(batch !== undefined && { batch }) };
}

/** What the model's file says; one where inputs say different things. */
function fixedBatch({ inputs }: Session): number | undefined {
  const sizes = inputs.map(({ shape }) => shape[0]).filter((size) => typeof size === "number");
  const [first] = sizes;
  return sizes.every((size) => size === first) ? first : 1;
}

const RUNNERS: Readonly<Record<FormatId, (part: Model, signal: AbortSignal | undefined) => Promise<Runner>>> = {
  onnx: openOnnx,
  tflite: openTflite,
};

async function ran(
  part: Model,
  { inputs, outputs, tensors }: Model["entries"][0]["graph"],
  { session, batch, runEach }: Runner,
  given: ReadonlyMap<TensorId, Activations>,
): Promise<ReadonlyMap<TensorId, Activations>> {
  const nameOf = (id: TensorId, place: number, kind: string): string => {
    const name = tensors[id]?.name ?? "";
    return name === "" ? `${kind}${place}` : name;
  };
  const samples = [...given.values()][0]?.shape[0] ?? 0;
  const perSample = [...given.values()].reduce((sum, { data }) => sum + data.length, 0) / Math.max(samples, 1);
  const affordable = Math.max(1, Math.floor(RUN_ELEMENTS / Math.max(perSample, 1)));
  // Whole batches, as the samples came.
  const size = batch ?? 1;
  const most = Math.max(size, affordable - (affordable % size));
  const together = Math.min(samples, runEach ? most : (batch ?? affordable));
  const results = new Map<TensorId, Activations>();
  const names = outputs.map((id, place) => nameOf(id, place, "output"));
  const wholes = new Map<string, Float32Array>();
  const wholeOf = (name: string, length: number, count: number): Float32Array => {
    const whole = wholes.get(name) ?? new Float32Array((length / count) * samples);
    wholes.set(name, whole);
    return whole;
  };
  for (let start = 0; start < samples; start += together) {
    const count = Math.min(together, samples - start);
    const feeds: Record<string, NamedTensors[string]> = {};
    for (const [place, id] of inputs.entries()) {
      const { shape: [, ...rest] = [], data = new Float32Array(0) } = given.get(id) ?? {};
      const name = nameOf(id, place, "input");
      const { dataType } = session.inputs.find((port) => port.name === name) ?? { dataType: "float32" };
      const length = data.length / samples;
      const slice = typed(dataType, data.subarray(start * length, (start + count) * length));
      feeds[name] = { dataType, shape: [runEach ? size : count, ...rest], data: slice };
    }
    const targetFor: OutputTarget = (name, length) => {
      const from = (start * length) / count;
      return names.includes(name) ? wholeOf(name, length, count).subarray(from, from + length) : undefined;
    };
    const made = await (runEach ? runEach(feeds, count / size) : session.run(feeds, undefined, targetFor));
    for (const [place, id] of outputs.entries()) {
      const name = names[place] ?? "";
      const { shape, data } = ownEntry(made, name) ?? {};
      if (shape === undefined || data === undefined) throw new RunError(`${part.file}: a tensor of it is not given`);
      const whole = wholeOf(name, data.length, count);
      if (data.buffer !== whole.buffer) whole.set(data, (start * data.length) / count);
      results.set(id, { shape: [samples, ...shape.slice(1)], data: whole });
    }
  }
  return results;
}

function typed(type: NumericType, data: Float32Array): NumericArray {
  if (type === "float32") return data;
  const array = newArray(type, data.length);
  array.set(data);
  return array;
}
