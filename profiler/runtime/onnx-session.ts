import { availableParallelism } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import type * as Ort from "onnxruntime-node";
import { RunError } from "../errors.ts";
import { toFloat16 } from "../model/encode-elements.ts";
import { fileOfModel, FileSource } from "../bytes/file-source.ts";
import { onnxStream } from "../formats/onnx/write.ts";
import type { Model } from "../model/model.ts";
import { isEdited } from "../model/edited.ts";
import { fromFloat16 } from "../model/raw-elements.ts";
import { checkInputs } from "../tensors/check-inputs.ts";
import { LOG_FATAL, QUIET_THREADS } from "../onnx-runtime.ts";
import {
  isNumericType,
  toBigInts,
  type NamedTensors,
  type NumericArray,
  type NumericTensor,
} from "../tensors/numeric-tensor.ts";
import type { ElementArray } from "./process/exchange-file.js";
import { LoadedModel, type Loading, type ModelPlace } from "./process/loaded-model.ts";
import { RuntimeFailure, type TargetFor } from "./process/runtime-process.ts";
import { runError } from "./process/run-error.ts";
import { saturationOf, type ProcessorFacts } from "./saturation.ts";
import {
  type KeptOutputs,
  type KeptShapes,
  type KeptSlice,
  type OutputTarget,
  type Session,
  type SessionRequest,
} from "./session.ts";
import { withRange, type Port, type Range } from "../tensors/port.ts";

/** More threads wait for each other longer than they compute: models of phones have small layers. */
const MOST_THREADS = 8;

type Metadata = Ort.InferenceSession.ValueMetadata;

/** What the process says of a model that it loaded. */
interface Facts {
  readonly handle: number;
  readonly inputs: readonly Metadata[];
  readonly outputs: readonly Metadata[];
}

/**
 * A session of ONNX Runtime on the CPU, in a process of its own, with the same options on every run.
 * @throws {RunError} when ONNX Runtime refuses the model or dies of it, or an input is no tensor of numbers
 * @throws the signal's reason when it aborts
 */
export async function openOnnxSession(model: Model, request: SessionRequest): Promise<Session> {
  const optimization = request.optimization ?? levelFor(model);
  return openAtLevel(model, request, optimization).catch(async (refusal: unknown) => {
    if (request.optimization !== undefined || optimization === "basic" || !isRefused(refusal)) throw refusal;
    // Some optimizations make a valid model invalid: of two nodes for a convolution, one name (findings/ has such a case).
    const doubt = `${refusal.message.replace(/\.$/, "")}. That is so at its default optimizations: it was run at "basic" here`;
    return openAtLevel(model, request, "basic", doubt).catch(() => {
      request.signal?.throwIfAborted();
      throw refusal;
    });
  });
}

function isRefused(error: unknown): error is RunError {
  return error instanceof RunError && error.cause instanceof RuntimeFailure;
}

async function openAtLevel(
  model: Model,
  { captured, ranges, threads = defaultThreads(), signal, isAlone, shared }: SessionRequest,
  optimization: NonNullable<SessionRequest["optimization"]>,
  doubt?: string,
): Promise<Session> {
  const options: Ort.InferenceSession.SessionOptions = {
    executionProviders: ["cpu"],
    executionMode: "sequential",
    graphOptimizationLevel: optimization,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: LOG_FATAL,
    extra: { session: { ...QUIET_THREADS, model_external_initializers_file_folder_path: folderOf(model) } },
  };
  const tensors = captured.map((tensor) => tensor.name);
  const loaded = await loadOnnx(model, options, tensors, signal, { isAlone, shared });
  try {
    return new OnnxSession(model.file, loaded, ranges, {
      captured: tensors.length,
      doubt,
      isShared: shared !== undefined,
      signal,
    });
  } catch (error) {
    await loaded.close();
    throw error;
  }
}

/**
 * At *basic* what stands between DequantizeLinear and QuantizeLinear runs in float, which is what a machine that can multiply integers gives
 * but for rounding.
 */
export function levelFor(model: Model, facts?: ProcessorFacts): "basic" | "all" {
  return saturationOf(model, facts) === undefined ? "all" : "basic";
}

/**
 * Has ONNX Runtime load a model, edits included, in its process.
 * @param tensors that it is to give as outputs too
 * @throws {RunError} when it refuses the model or dies of it
 * @throws the signal's reason when it aborts
 */
async function loadOnnx(
  model: Model,
  options: Ort.InferenceSession.SessionOptions,
  tensors: readonly string[] = [],
  signal?: AbortSignal,
  where: ModelPlace = {},
): Promise<LoadedModel<Facts>> {
  const loading = async (): Promise<Loading> => {
    // Its own file is mapped by the runtime, where bytes would be held twice.
    const path = isEdited(model) || tensors.length > 0 ? undefined : await fileOfModel(model.source);
    if (path !== undefined) return { value: { path: resolve(path), options } };
    return { value: { options }, arrays: [await onnxStream(model, tensors)] };
  };
  try {
    return await LoadedModel.load<Facts>("ONNX Runtime", loading, signal, where);
  } catch (cause) {
    throw runError(`${model.file}: ONNX Runtime cannot load it`, cause, { signal });
  }
}

/** Where the data files of a model are: bytes do not say where they are from. */
export function folderOf({ source, file }: Model): string {
  return join(dirname(resolve(source instanceof FileSource ? source.path : file)), sep);
}

interface SessionFacts {
  /** How many of the outputs are inner tensors. */
  readonly captured: number;
  readonly doubt: string | undefined;
  /** In a process that keeps arrays. */
  readonly isShared: boolean;
  readonly signal: AbortSignal | undefined;
}

class OnnxSession implements Session {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly captured: readonly Port[];
  readonly skipped: Session["skipped"];
  readonly doubt?: string;
  readonly runKept?: NonNullable<Session["runKept"]>;
  #loaded: LoadedModel<Facts> | undefined;

  constructor(
    readonly name: string,
    loaded: LoadedModel<Facts>,
    ranges: ReadonlyMap<string, Range>,
    { captured, doubt, isShared, signal }: SessionFacts,
  ) {
    if (doubt !== undefined) this.doubt = doubt;
    const inputs = loaded.facts.inputs.map(readPort);
    const refused = inputs.find(isSkipped);
    if (refused !== undefined)
      throw new RunError(`${name}: input "${refused.name}" cannot be given: ${refused.reason}`);
    this.inputs = inputs.filter(isPort).map((port) => withRange(port, ranges.get(port.name)));
    const outputs = loaded.facts.outputs.map(readPort);
    const own = outputs.slice(0, outputs.length - captured);
    this.outputs = own.filter(isPort);
    this.captured = outputs.slice(own.length).filter(isPort);
    this.skipped = outputs.filter(isSkipped);
    this.#loaded = loaded;
    const isKept =
      isShared && this.skipped.length === 0 && this.outputs.every(({ dataType }) => dataType === "float32");
    if (isKept) this.runKept = (given, kept) => this.#runKept(given, kept, signal);
  }

  async run(inputs: NamedTensors, signal?: AbortSignal, targetFor?: OutputTarget): Promise<NamedTensors> {
    if (this.#loaded === undefined) throw new RunError(`${this.name}: the session is closed`);
    const given = checkInputs(this.name, this.inputs, inputs);
    const feeds = given.map(({ dataType: type, shape }, index) => ({ name: this.inputs[index]?.name, type, shape }));
    const fetches = [...this.outputs, ...this.captured].map(({ name }) => name);
    try {
      const { result, arrays } = await this.#loaded.request(
        "run",
        { feeds, fetches, kept: [] },
        given.map(toRuntime),
        signal,
        targetFor && floatTargets(fetches, targetFor),
      );
      const made = result as readonly (Made | null)[];
      const rest = [...arrays];
      return Object.fromEntries(fetches.map((name, place) => [name, fromRuntime(made[place], () => rest.shift())]));
    } catch (cause) {
      throw runError(`${this.name}: ONNX Runtime failed`, cause, { signal, hint: this.#openSizes(feeds) });
    }
  }

  async #runKept(
    inputs: Readonly<Record<string, NumericTensor | KeptSlice>>,
    { keys, start, count, samples }: KeptOutputs,
    signal: AbortSignal | undefined,
  ): Promise<KeptShapes> {
    if (this.#loaded === undefined) throw new RunError(`${this.name}: the session is closed`);
    const given = Object.entries(inputs);
    const feeds = given.map(([name, one]) =>
      "key" in one ? { name, ...one } : { name, type: one.dataType, shape: one.shape },
    );
    const arrays = given.flatMap(([, one]) => ("key" in one ? [] : [toRuntime(one)]));
    try {
      const value = { feeds, outputs: [...keys], start, count, samples };
      const { result } = await this.#loaded.request("runPart", value, arrays, signal);
      const shapes = result as readonly (readonly number[])[];
      return new Map([...keys.keys()].map((name, place) => [name, shapes[place] ?? []]));
    } catch (cause) {
      throw runError(`${this.name}: ONNX Runtime failed`, cause, { signal });
    }
  }

  async close(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = undefined;
    await loaded?.close();
  }

  /** Sizes that are open and were given no value are the commonest reason why a model takes synthetic inputs of its types, but not of their shapes. */
  #openSizes(feeds: readonly { readonly shape: readonly number[] }[]): string | undefined {
    const open = this.inputs.flatMap(({ shape }, place) =>
      shape.filter((size, axis) => axis > 0 && typeof size === "string" && feeds[place]?.shape[axis] === 1),
    );
    if (open.length === 0) return undefined;
    return `It leaves sizes open that are 1 unless samples or you say otherwise: ${[...new Set(open)].join(", ")}.`;
  }
}

/** What the process says of an output. */
interface Made {
  readonly type: string;
  readonly shape: readonly number[];
}

function toRuntime({ dataType, data }: NumericTensor): ElementArray {
  switch (dataType) {
    case "float16":
      return Uint16Array.from(data, toFloat16);
    case "int64":
    case "uint64":
      return toBigInts(dataType, data);
    default:
      return data;
  }
}

/** Every output has its array in the answer, but for those that are no tensors, of which a model with targets has none. */
function floatTargets(names: readonly string[], targetFor: OutputTarget): TargetFor {
  return (position, { type, bytes }) =>
    type === Float32Array.name ? targetFor(names[position] ?? "", bytes / Float32Array.BYTES_PER_ELEMENT) : undefined;
}

type Skipped = Session["skipped"][number];

function isPort(port: Port | Skipped): port is Port {
  return !isSkipped(port);
}

function isSkipped(port: Port | Skipped): port is Skipped {
  return "reason" in port;
}

function readPort(metadata: Ort.InferenceSession.ValueMetadata): Port | Skipped {
  const { name } = metadata;
  if (!metadata.isTensor) return { name, reason: "it is a sequence, a map or an optional value, not a tensor" };
  const { type, shape } = metadata;
  if (!isNumericType(type)) return { name, reason: `it is ${type === "string" ? "text" : type}, not numbers` };
  const dimensions = shape.map((dimension, axis) => {
    const isDynamic = typeof dimension === "string" ? dimension === "" : dimension < 0;
    return isDynamic ? `${name}[${axis}]` : dimension;
  });
  return { name, dataType: type, shape: dimensions };
}

function fromRuntime(made: Made | null | undefined, next: () => ElementArray | undefined): NumericTensor {
  if (!made || !isNumericType(made.type)) throw new Error("an output is not a tensor of numbers");
  const data = next();
  if (data === undefined) throw new Error("the elements of an output are missing");
  return { dataType: made.type, shape: made.shape, data: elementsOf(made.type, data) };
}

function elementsOf(type: NumericTensor["dataType"], data: ElementArray): NumericArray {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  return type === "float16" ? Float32Array.from(data, fromFloat16) : data;
}

function defaultThreads(): number {
  return Math.min(MOST_THREADS, availableParallelism());
}
