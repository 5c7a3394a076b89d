import { ownEntry } from "../own-entry.ts";
import { RunError } from "../errors.ts";
import type { FormatId } from "../model/format.ts";
import type { Model, TensorId } from "../model/model.ts";
import { valuesHere, type GraphPart, type SampleValues } from "../neutral/activations.ts";
import { KeptValues } from "./kept-values.ts";
import {
  newArray,
  type NamedTensors,
  type NumericArray,
  type NumericTensor,
  type NumericType,
} from "../tensors/numeric-tensor.ts";
import { openSession, withPlaceInPart } from "./open-session.ts";
import { SharedProcess } from "./process/shared-process.ts";
import { ProcessEnded } from "./process/runtime-process.ts";
import type { KeptSlice, OutputTarget, Session } from "./session.ts";
import { openTflitePart } from "./tflite-session.ts";

/** Elements of one run's inputs: activations take some ten times as much memory. */
const RUN_ELEMENTS = 2 ** 22;

/** Times that work is begun anew where the process that kept its arrays was ended for another model's sake. */
const MOST_ATTEMPTS = 3;

/**
 * Work on parts of a network that are run one after the other. What they give to each other is kept meanwhile where they run.
 * @throws what `work` throws
 */
export async function withParts<T>(work: (parts: ModelParts) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const parts = new ModelParts();
    try {
      return await work(parts);
    } catch (error) {
      if (!isLostForOthers(error) || attempt === MOST_ATTEMPTS) throw error;
    } finally {
      parts.close();
    }
  }
}

function isLostForOthers(error: unknown): boolean {
  return error instanceof RunError && error.cause instanceof ProcessEnded && error.cause.isForOthers;
}

export class ModelParts {
  #shared: SharedProcess | undefined;

  /**
   * Makes a part of a model ready to run on many samples.
   * @param part whose inputs and outputs are those of its main graph
   * @throws {RunError} when the runtime refuses it
   * @throws the signal's reason when it aborts
   */
  async open(part: Model, signal?: AbortSignal): Promise<GraphPart> {
    const runner = await RUNNERS[part.format](part, signal, () => (this.#shared ??= new SharedProcess()));
    const { session } = runner;
    const ports = portsOf(part);
    const [{ runKept }, shared] = [session, this.#shared];
    const run: GraphPart["run"] =
      runKept && shared
        ? (values, samples) => ranKept(part.file, ports, { ...runner, runKept, shared }, { values, samples })
        : (values, samples) => ranHere(part.file, ports, runner, { values, samples });
    return { run, close: () => session.close() };
  }

  close(): void {
    this.#shared?.close();
  }
}

interface Runner {
  readonly session: Session;
  readonly runEach?: (inputs: NamedTensors, count: number) => Promise<NamedTensors>;
}

async function openTflite(part: Model, signal: AbortSignal | undefined): Promise<Runner> {
  const request = { captured: [], ranges: new Map(), ...(signal && { signal }) };
  const { session, runEach } = await openTflitePart(part, request);
  const running: Runner["runEach"] = (inputs, count) => {
    const begun = performance.now();
    return runEach(inputs, count, signal).catch(async (error: unknown) => {
      throw await withPlaceInPart(error, part, { inputs: firstOf(inputs), begun, signal });
    });
  };
  return { session, runEach: running };
}

/** Inputs of the first of many runs. */
function firstOf(inputs: NamedTensors): NamedTensors {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [
      name,
      { ...tensor, data: tensor.data.subarray(0, elementsOf(tensor.shape)) },
    ]),
  );
}

async function openOnnx(part: Model, signal: AbortSignal | undefined, shared: () => SharedProcess): Promise<Runner> {
  return { session: await openSession(part, { ...(signal && { signal }), shared: shared() }) };
}

type OpenRunner = (part: Model, signal: AbortSignal | undefined, shared: () => SharedProcess) => Promise<Runner>;

const RUNNERS: Readonly<Record<FormatId, OpenRunner>> = { onnx: openOnnx, tflite: openTflite };

/** Tensors of a part by the names of its session's inputs and outputs. */
interface PartPorts {
  readonly inputs: readonly (readonly [name: string, TensorId])[];
  readonly outputs: readonly (readonly [name: string, TensorId])[];
}

function portsOf({ entries: [{ graph }] }: Model): PartPorts {
  const named = (ids: readonly TensorId[], kind: string): PartPorts["inputs"] =>
    ids.map((id, place) => {
      const name = graph.tensors[id]?.name ?? "";
      return [name === "" ? `${kind}${place}` : name, id];
    });
  return { inputs: named(graph.inputs, "input"), outputs: named(graph.outputs, "output") };
}

/** What a part is given on all samples. */
interface Given {
  readonly values: ReadonlyMap<TensorId, SampleValues>;
  readonly samples: number;
}

/** Of an input: entries of its first dimension that a sample has, and elements of all of those. */
function perSample({ values, samples }: Given, id: TensorId): { readonly entries: number; readonly elements: number } {
  const shape = values.get(id)?.shape ?? [];
  return { entries: (shape[0] ?? samples) / samples, elements: elementsOf(shape) / samples };
}

/** Samples that one run takes where the model's file says so; one where inputs say different things. */
function fixedBatch({ inputs }: PartPorts, session: Session, given: Given): number | undefined {
  const sizes = inputs.flatMap(([name, id]) => {
    const size = session.inputs.find((port) => port.name === name)?.shape[0];
    return typeof size === "number" ? [size / perSample(given, id).entries] : [];
  });
  const [first] = sizes;
  return sizes.every((size) => size === first) ? first : 1;
}

/** @returns samples that a run takes together, of `runEach` in whole batches, as the samples came; and samples of a batch */
function samplesARun(
  ports: PartPorts,
  { session, runEach }: Runner,
  given: Given,
): { readonly together: number; readonly size: number } {
  const elements = ports.inputs.reduce((sum, [, id]) => sum + perSample(given, id).elements, 0);
  const affordable = Math.max(1, Math.floor(RUN_ELEMENTS / Math.max(elements, 1)));
  const batch = fixedBatch(ports, session, given);
  const size = batch ?? 1;
  const most = Math.max(size, affordable - (affordable % size));
  return { together: Math.min(given.samples, runEach ? most : (batch ?? affordable)), size };
}

/** What the parts give stays in their runtime's process. */
async function ranKept(
  file: string,
  ports: PartPorts,
  runner: Runner & { readonly runKept: NonNullable<Session["runKept"]>; readonly shared: SharedProcess },
  given: Given,
): Promise<ReadonlyMap<TensorId, SampleValues>> {
  const { session, shared, runKept } = runner;
  const { samples } = given;
  const { together } = samplesARun(ports, runner, given);
  const sliceOf = async (
    name: string,
    id: TensorId,
    start: number,
    count: number,
  ): Promise<NumericTensor | KeptSlice> => {
    const dataType = typeOf(session, name);
    const values = given.values.get(id);
    const { entries, elements } = perSample(given, id);
    const [shape, from] = [[count * entries, ...(values?.shape ?? []).slice(1)], start * elements];
    if (values instanceof KeptValues && dataType === "float32") return { key: values.key, from, shape };
    const data = (await values?.read()) ?? new Float32Array(0);
    return { dataType, shape, data: typed(dataType, data.subarray(from, from + count * elements)) };
  };
  const keys = new Map(ports.outputs.map(([name]) => [name, shared.newKey()]));
  const shapes = new Map<string, readonly number[]>();
  for (let start = 0; start < samples; start += together) {
    const count = Math.min(together, samples - start);
    const feeds = ports.inputs.map(async ([name, id]) => [name, await sliceOf(name, id, start, count)] as const);
    const made = await runKept(Object.fromEntries(await Promise.all(feeds)), { keys, start, count, samples });
    for (const [name, [first = count, ...rest]] of made) shapes.set(name, [(first / count) * samples, ...rest]);
  }
  return new Map(
    ports.outputs.map(([name, id]) => [id, new KeptValues(file, shared, keys.get(name) ?? "", shapes.get(name) ?? [])]),
  );
}

async function ranHere(
  file: string,
  ports: PartPorts,
  runner: Runner,
  given: Given,
): Promise<ReadonlyMap<TensorId, SampleValues>> {
  const { session, runEach } = runner;
  const { samples } = given;
  const { together, size } = samplesARun(ports, runner, given);
  const read = new Map<TensorId, Float32Array>();
  for (const [, id] of ports.inputs) read.set(id, (await given.values.get(id)?.read()) ?? new Float32Array(0));
  const results = new Map<TensorId, SampleValues>();
  const wholes = new Map<string, Float32Array>();
  const wholeOf = (name: string, length: number, count: number): Float32Array => {
    const whole = wholes.get(name) ?? new Float32Array((length / count) * samples);
    wholes.set(name, whole);
    return whole;
  };
  for (let start = 0; start < samples; start += together) {
    const count = Math.min(together, samples - start);
    const feeds: Record<string, NamedTensors[string]> = {};
    for (const [name, id] of ports.inputs) {
      const [, ...rest] = given.values.get(id)?.shape ?? [];
      const { entries, elements } = perSample(given, id);
      const dataType = typeOf(session, name);
      const slice = read.get(id)?.subarray(start * elements, (start + count) * elements) ?? new Float32Array(0);
      feeds[name] = { dataType, shape: [(runEach ? size : count) * entries, ...rest], data: typed(dataType, slice) };
    }
    const targetFor: OutputTarget = (name, length) => {
      const from = (start * length) / count;
      const isOutput = ports.outputs.some(([output]) => output === name);
      return isOutput ? wholeOf(name, length, count).subarray(from, from + length) : undefined;
    };
    const made = await (runEach ? runEach(feeds, count / size) : session.run(feeds, undefined, targetFor));
    for (const [name, id] of ports.outputs) {
      const { shape, data } = ownEntry(made, name) ?? {};
      if (shape === undefined || data === undefined) throw new RunError(`${file}: a tensor of it is not given`);
      const whole = wholeOf(name, data.length, count);
      if (data.buffer !== whole.buffer) whole.set(data, (start * data.length) / count);
      const rest = shape.slice(1);
      results.set(id, valuesHere({ shape: [whole.length / elementsOf(rest), ...rest], data: whole }));
    }
  }
  return results;
}

function typeOf({ inputs }: Session, name: string): NumericType {
  return inputs.find((port) => port.name === name)?.dataType ?? "float32";
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function typed(type: NumericType, data: Float32Array): NumericArray {
  if (type === "float32") return data;
  const array = newArray(type, data.length);
  array.set(data);
  return array;
}
