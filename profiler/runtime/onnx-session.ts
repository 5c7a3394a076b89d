import { ownEntry } from "../own-entry.ts";
import { availableParallelism } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import type * as Ort from "onnxruntime-node";
import { EdgewiseError, RunError } from "../errors.ts";
import { toFloat16 } from "../model/encode-elements.ts";
import { fileOfModel, FileSource } from "../bytes/file-source.ts";
import { onnxBytes } from "../formats/onnx/write.ts";
import type { Model } from "../model/model.ts";
import { isEdited } from "../model/edited.ts";
import { fromFloat16 } from "../model/raw-elements.ts";
import { checkInputs } from "./check-inputs.ts";
import { loadOnnxRuntime, QUIET_THREADS } from "../onnx-runtime.ts";
import {
  isNumericType,
  toBigInts,
  type NamedTensors,
  type NumericArray,
  type NumericTensor,
} from "./numeric-tensor.ts";
import { withRange, type Port, type Range, type Session, type SessionRequest } from "./session.ts";

/** More threads wait for each other longer than they compute: models of phones have small layers. */
const MOST_THREADS = 8;

/** Failures come as exceptions; the log on standard error would only repeat them. */
const LOG_FATAL = 4;

/**
 * A session of ONNX Runtime on the CPU, with the same options on every run.
 * @throws {RunError} when ONNX Runtime refuses the model, or an input is no tensor of numbers
 */
export async function openOnnxSession(
  model: Model,
  { captured, ranges, optimization = "all", threads = defaultThreads() }: SessionRequest,
): Promise<Session> {
  const name = model.file;
  const runtime = await loadOnnxRuntime();
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
  // Its own file is mapped by the runtime, where bytes would be held twice.
  const path = isEdited(model) || tensors.length > 0 ? undefined : await fileOfModel(model.source);
  try {
    const session =
      path === undefined
        ? await runtime.InferenceSession.create(await onnxBytes(model, tensors), options)
        : await runtime.InferenceSession.create(path, options);
    return new OnnxSession(name, session, runtime.Tensor, ranges, tensors.length);
  } catch (cause) {
    if (!(cause instanceof Error) || cause instanceof EdgewiseError) throw cause;
    throw new RunError(`${name}: ONNX Runtime cannot load it: ${plainMessage(cause)}`, { cause });
  }
}

/** Where the data files of a model are: bytes do not say where they are from. */
export function folderOf({ source, file }: Model): string {
  return join(dirname(resolve(source instanceof FileSource ? source.path : file)), sep);
}

class OnnxSession implements Session {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly captured: readonly Port[];
  readonly skipped: Session["skipped"];
  #session: Ort.InferenceSession | undefined;

  constructor(
    readonly name: string,
    session: Ort.InferenceSession,
    private readonly tensorClass: typeof Ort.Tensor,
    ranges: ReadonlyMap<string, Range>,
    captured: number,
  ) {
    const inputs = session.inputMetadata.map(readPort);
    const refused = inputs.find(isSkipped);
    if (refused !== undefined)
      throw new RunError(`${name}: input "${refused.name}" cannot be given: ${refused.reason}`);
    this.inputs = inputs.filter(isPort).map((port) => withRange(port, ranges.get(port.name)));
    const outputs = session.outputMetadata.map(readPort);
    const ends = outputs.slice(0, outputs.length - captured);
    this.outputs = ends.filter(isPort);
    this.captured = outputs.slice(ends.length).filter(isPort);
    this.skipped = outputs.filter(isSkipped);
    this.#session = session;
  }

  async run(inputs: NamedTensors): Promise<NamedTensors> {
    if (this.#session === undefined) throw new RunError(`${this.name}: the session is closed`);
    const given = checkInputs(this.name, this.inputs, inputs);
    const feeds = this.inputs.map(({ name }, index) => [name, this.#toRuntime(given[index])] as const);
    const fetches = [...this.outputs, ...this.captured].map(({ name }) => name);
    try {
      const results = await this.#session.run(Object.fromEntries(feeds), fetches);
      return Object.fromEntries(fetches.map((name) => [name, fromRuntime(ownEntry(results, name))]));
    } catch (cause) {
      throw new RunError(`${this.name}: ONNX Runtime failed: ${plainMessage(cause)}`, {
        cause,
        hint: this.#openSizes(),
      });
    }
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.release();
  }

  /** Sizes that the model leaves open are the commonest reason why it takes made-up inputs of its types, but not of their shapes. */
  #openSizes(): string | undefined {
    const open = new Set(this.inputs.flatMap(({ shape }) => shape.slice(1).filter((size) => typeof size === "string")));
    if (open.size === 0) return undefined;
    return `It leaves sizes open that are 1 unless samples or you say otherwise: ${[...open].join(", ")}.`;
  }

  #toRuntime(tensor: NumericTensor | undefined): Ort.Tensor {
    if (tensor === undefined) throw new RunError(`${this.name}: an input is missing`);
    const { dataType, shape, data } = tensor;
    const Tensor = this.tensorClass;
    switch (dataType) {
      case "float16":
        return new Tensor("float16", Uint16Array.from(data, toFloat16), shape);
      case "int64":
      case "uint64":
        return new Tensor(dataType, toBigInts(dataType, data), shape);
      default:
        return new Tensor(dataType, data, shape);
    }
  }
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

function fromRuntime(value: Ort.OnnxValue | undefined): NumericTensor {
  if (value === undefined || !("dims" in value) || !isNumericType(value.type))
    throw new Error("an output is no tensor of numbers");
  const { type: dataType, dims: shape, data } = value as Ort.Tensor & { type: typeof value.type };
  return { dataType, shape: [...shape], data: elementsOf(dataType, data) };
}

function elementsOf(type: NumericTensor["dataType"], data: Ort.Tensor["data"]): NumericArray {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  if (type === "float16") {
    // Newer versions of Node have a Float16Array, and the runtime then uses it.
    const { buffer, byteOffset, length } = data as Uint16Array;
    return Float32Array.from(new Uint16Array(buffer, byteOffset, length), fromFloat16);
  }
  return data as NumericArray;
}

function defaultThreads(): number {
  return Math.min(MOST_THREADS, availableParallelism());
}

/** Without the source positions that the runtime puts in front. */
function plainMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/^(?:Error: )?/, "")
    .replaceAll(/\s*\n\s*/g, " ")
    .trim();
}
