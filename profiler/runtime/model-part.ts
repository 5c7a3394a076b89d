import { ownEntry } from "../own-entry.ts";
import { RunError } from "../errors.ts";
import type { FormatId } from "../model/format.ts";
import type { Model, TensorId } from "../model/model.ts";
import { valuesHere, type GraphPart, type SampleValues } from "../neutral/activations.ts";
import { boundTo } from "./bound-model.ts";
import { KeptValues } from "./kept-values.ts";
import { openFixedSession } from "./litert-session.ts";
import {
  newArray,
  type NamedTensors,
  type NumericArray,
  type NumericTensor,
  type NumericType,
} from "./numeric-tensor.ts";
import { openSession } from "./open-session.ts";
import { SharedProcess } from "./process/loaded-model.ts";
import { ProcessEnded } from "./process/runtime-process.ts";
import type { KeptShapes, KeptSlice, OutputTarget, Session } from "./session.ts";

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
        ? (given) => ranKept(ports, { ...runner, runKept, shared }, given)
        : (given) => ranHere(part.file, ports, runner, given);
    return { run, close: () => session.close() };
  }

  close(): void {
    this.#shared?.close();
  }
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

async function openOnnx(part: Model, signal: AbortSignal | undefined, shared: () => SharedProcess): Promise<Runner> {
  const session = await openSession(part, { ...(signal && { signal }), shared: shared() });
  const batch = fixedBatch(session);
  return { session, ...(batch !== undefined && { batch }) };
}

/** What the model's file says; one where inputs say different things. */
function fixedBatch({ inputs }: Session): number | undefined {
  const sizes = inputs.map(({ shape }) => shape[0]).filter((size) => typeof size === "number");
  const [first] = sizes;
  return sizes.every((size) => size === first) ? first : 1;
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

/** Samples that one run takes, of so many. */
function samplesARun(given: ReadonlyMap<TensorId, SampleValues>, { batch, runEach }: Runner): number {
  const shapes = [...given.values()].map(({ shape }) => shape);
  const samples = shapes[0]?.[0] ?? 0;
  const perSample = shapes.reduce((sum, shape) => sum + elementsOf(shape.slice(1)), 0);
  const affordable = Math.max(1, Math.floor(RUN_ELEMENTS / Math.max(perSample, 1)));
  // Whole batches, as the samples came.
  const size = batch ?? 1;
  const most = Math.max(size, affordable - (affordable % size));
  return Math.min(samples, runEach ? most : (batch ?? affordable));
}

/** What the parts give stays in their runtime's process. */
async function ranKept(
  { inputs, outputs }: PartPorts,
  runner: Runner & { readonly runKept: NonNullable<Session["runKept"]>; readonly shared: SharedProcess },
  given: ReadonlyMap<TensorId, SampleValues>,
): Promise<ReadonlyMap<TensorId, SampleValues>> {
  const { session, shared, runKept } = runner;
  const together = samplesARun(given, runner);
  const samples = [...given.values()][0]?.shape[0] ?? 0;
  const ports = new Map(session.inputs.map((port) => [port.name, port]));
  const sliceOf = async (
    name: string,
    id: TensorId,
    start: number,
    count: number,
  ): Promise<NumericTensor | KeptSlice> => {
    const { dataType = "float32" } = ports.get(name) ?? {};
    const values = given.get(id);
    const [, ...rest] = values?.shape ?? [];
    const [shape, from] = [[count, ...rest], start * elementsOf(rest)];
    if (values instanceof KeptValues && dataType === "float32") return { key: values.key, from, shape };
    const data = (await values?.read()) ?? new Float32Array(0);
    return { dataType, shape, data: typed(dataType, data.subarray(from, from + elementsOf(shape))) };
  };
  const keys = new Map(outputs.map(([name]) => [name, shared.newKey()]));
  let shapes: KeptShapes = new Map();
  for (let start = 0; start < samples; start += together) {
    const count = Math.min(together, samples - start);
    const feeds = inputs.map(async ([name, id]) => [name, await sliceOf(name, id, start, count)] as const);
    shapes = await runKept(Object.fromEntries(await Promise.all(feeds)), { keys, start, count, samples });
  }
  return new Map(
    outputs.map(([name, id]) => {
      const shape = [samples, ...(shapes.get(name) ?? []).slice(1)];
      return [id, new KeptValues(shared, keys.get(name) ?? "", shape)];
    }),
  );
}

async function ranHere(
  file: string,
  { inputs, outputs }: PartPorts,
  runner: Runner,
  given: ReadonlyMap<TensorId, SampleValues>,
): Promise<ReadonlyMap<TensorId, SampleValues>> {
  const { session, batch: size = 1, runEach } = runner;
  const together = samplesARun(given, runner);
  const samples = [...given.values()][0]?.shape[0] ?? 0;
  const read = new Map<string, Float32Array>();
  for (const [name, id] of inputs) read.set(name, (await given.get(id)?.read()) ?? new Float32Array(0));
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
    for (const [name, id] of inputs) {
      const [, ...rest] = given.get(id)?.shape ?? [];
      const data = read.get(name) ?? new Float32Array(0);
      const { dataType } = session.inputs.find((port) => port.name === name) ?? { dataType: "float32" };
      const length = data.length / samples;
      const slice = typed(dataType, data.subarray(start * length, (start + count) * length));
      feeds[name] = { dataType, shape: [runEach ? size : count, ...rest], data: slice };
    }
    const targetFor: OutputTarget = (name, length) => {
      const from = (start * length) / count;
      const isOutput = outputs.some(([output]) => output === name);
      return isOutput ? wholeOf(name, length, count).subarray(from, from + length) : undefined;
    };
    const made = await (runEach ? runEach(feeds, count / size) : session.run(feeds, undefined, targetFor));
    for (const [name, id] of outputs) {
      const { shape, data } = ownEntry(made, name) ?? {};
      if (shape === undefined || data === undefined) throw new RunError(`${file}: a tensor of it is not given`);
      const whole = wholeOf(name, data.length, count);
      if (data.buffer !== whole.buffer) whole.set(data, (start * data.length) / count);
      results.set(id, valuesHere({ shape: [samples, ...shape.slice(1)], data: whole }));
    }
  }
  return results;
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
