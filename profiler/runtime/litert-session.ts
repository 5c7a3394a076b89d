import { ownEntry } from "../own-entry.ts";
import { RunError } from "../errors.ts";
import { numberedTflite } from "../formats/tflite/write.ts";
import { withFloatInputsOutputs, type FloatPort } from "../formats/tflite/float-inputs-outputs.ts";
import type { Model } from "../model/model.ts";
import { printDimension, type PortShape } from "../model/shape.ts";
import { inferOpen } from "../translation/lift-model.ts";
import { boundTo, hasOpenSizes, openShapes } from "./bound-model.ts";
import { checkInputs } from "./check-inputs.ts";
import { LitertThread, type RawTensor } from "./litert-thread.ts";
import type { NamedTensors, NumericTensor } from "./numeric-tensor.ts";
import { withRange, type Port, type Session, type SessionRequest } from "./session.ts";

/**
 * A session of LiteRT.js (WASM with XNNPACK) in a thread of its own. Quantized ports are given and taken as the real numbers that they
 * stand for.
 *
 * @throws {RunError} when LiteRT.js refuses the model, or an input or output is no tensor of numbers
 */
export async function openLitertSession(model: Model, request: SessionRequest): Promise<Session> {
  refuseState(model);
  return hasOpenSizes(model) ? openOpenSession(model, request) : openFixedSession(boundTo(model, []), request);
}

/** Of a model with open sizes: a session for each shape of the inputs in turn. */
async function openOpenSession(model: Model, request: SessionRequest): Promise<Session> {
  const written = await numberedTflite(model);
  const ends = await withFloatInputsOutputs(model.file, written.bytes, extraOutputs(written, request));
  const shapes = inferOpen(model).inferredTypes;
  const ids = [...model.entries[0].graph.outputs, ...request.captured.map(({ id }) => id)];
  const sizes = openShapes(model);
  const given = portsOf(ends.inputs, sizes).map((port) => withRange(port, request.ranges.get(port.name)));
  const ports = ends.outputs.map(({ name, dataType }, place): Port => {
    const shape = shapes[ids[place] ?? -1]?.shape ?? [];
    return { name, dataType, shape: shape.map(printDimension) };
  });
  return new OpenSizeSession(model, request, given, ports);
}

class OpenSizeSession implements Session {
  readonly skipped = [];
  readonly outputs: readonly Port[];
  readonly captured: readonly Port[];
  #bound: { readonly key: string; readonly session: Session } | undefined;
  #isClosed = false;

  constructor(
    private readonly model: Model,
    private readonly request: SessionRequest,
    readonly inputs: readonly Port[],
    ports: readonly Port[],
  ) {
    this.outputs = ports.slice(0, ports.length - request.captured.length);
    this.captured = ports.slice(ports.length - request.captured.length);
  }

  async run(inputs: NamedTensors): Promise<NamedTensors> {
    if (this.#isClosed) throw new RunError(`${this.model.file}: the session is closed`);
    const shapes = checkInputs(this.model.file, this.inputs, inputs).map(({ shape }) => shape);
    const key = JSON.stringify(shapes);
    if (this.#bound?.key !== key) {
      await this.#bound?.session.close();
      this.#bound = undefined;
      this.#bound = { key, session: await openFixedSession(boundTo(this.model, shapes), this.request) };
    }
    return this.#bound.session.run(inputs);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#bound?.session.close();
    this.#bound = undefined;
  }
}

/** Tensors to give out beside the outputs, by their numbers in the file: an edit leaves holes, which are not written. */
function extraOutputs(
  { numberOf }: Awaited<ReturnType<typeof numberedTflite>>,
  { captured }: SessionRequest,
): readonly { readonly name: string; readonly tensor: number }[] {
  return captured.map(({ name, id }) => ({ name, tensor: numberOf(id) }));
}

/**
 * A session of a model whose sizes are all known.
 * @param lent a thread to run in, which stays open; no other session may run in it meanwhile
 */
export async function openFixedSession(
  model: Model,
  request: SessionRequest,
  lent?: LitertThread,
): Promise<LitertSession> {
  const { captured, ranges } = request;
  const file = model.file;
  const written = await numberedTflite(model);
  const { bytes, inputs, outputs } = await withFloatInputsOutputs(file, written.bytes, extraOutputs(written, request));
  const thread = lent ?? new LitertThread();
  try {
    const opened = await thread.request("open", bytes);
    const given = portsOf(inputs, opened.inputs).map((port) => withRange(port, ranges.get(port.name)));
    return new LitertSession(file, thread, given, outputs, opened.outputs, captured.length, lent !== undefined);
  } catch (cause) {
    if (lent === undefined) await thread.close();
    throw new RunError(`${file}: LiteRT.js cannot load it: ${messageOf(cause)}`, { cause });
  }
}

/** @throws {RunError} for a model that keeps state from one run to the next, which LiteRT.js has no memory for */
function refuseState({ file, entries }: Model): void {
  for (const { graph } of entries) {
    const state = graph.tensors.find(({ isVariable }) => isVariable);
    if (state === undefined) continue;
    const node = graph.nodes.find(({ inputs }) => inputs.includes(state.id));
    const keeper = node === undefined ? "" : ` of ${node.op}`;
    throw new RunError(
      `${file}: LiteRT.js cannot run it: "${state.name}"${keeper} is a variable tensor, which keeps its value from one run to the next, and LiteRT.js does not support these`,
      {
        hint: "Its costs can be shown and its layers restructured, but its answers not be checked here. On a phone Google's benchmark_model runs it: name yours in edgewise.benchmarkModelPath or --benchmark-model",
      },
    );
  }
}

export class LitertSession implements Session {
  readonly skipped = [];
  readonly outputs: readonly Port[];
  readonly captured: readonly Port[];
  #thread: LitertThread | undefined;

  constructor(
    private readonly file: string,
    thread: LitertThread,
    readonly inputs: readonly Port[],
    private readonly floatOutputs: readonly FloatPort[],
    shapes: readonly (readonly number[])[],
    captured: number,
    private readonly isLent: boolean,
  ) {
    const ports = portsOf(floatOutputs, shapes);
    this.outputs = ports.slice(0, ports.length - captured);
    this.captured = ports.slice(ports.length - captured);
    this.#thread = thread;
  }

  async run(inputs: NamedTensors): Promise<NamedTensors> {
    if (this.#thread === undefined) throw new RunError(`${this.file}: the session is closed`);
    const given = checkInputs(this.file, this.inputs, inputs);
    try {
      const results = await this.#thread.request("run", given.map(rawTensor));
      return Object.fromEntries(this.floatOutputs.map((port) => [port.name, outputTensor(port, results[port.place])]));
    } catch (cause) {
      throw new RunError(`${this.file}: LiteRT.js failed: ${messageOf(cause)}`, { cause });
    }
  }

  /**
   * Many samples, each in a run of its own.
   * @param inputs elements of all samples one after the other, and the shape of one
   */
  async runEach(inputs: NamedTensors, count: number): Promise<NamedTensors> {
    if (this.#thread === undefined) throw new RunError(`${this.file}: the session is closed`);
    const given = this.inputs.flatMap(({ name }) => ownEntry(inputs, name) ?? []);
    if (given.length !== this.inputs.length) throw new RunError(`${this.file}: an input is missing`);
    try {
      const results = await this.#thread.request("runEach", { inputs: given.map(rawTensor), count });
      return Object.fromEntries(this.floatOutputs.map((port) => [port.name, outputTensor(port, results[port.place])]));
    } catch (cause) {
      throw new RunError(`${this.file}: LiteRT.js failed: ${messageOf(cause)}`, { cause });
    }
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    if (!this.isLent) await thread?.close();
  }
}

function rawTensor({ data, shape }: NumericTensor): RawTensor {
  return { data, shape };
}

function outputTensor({ dataType }: FloatPort, result: RawTensor | undefined): NumericTensor {
  if (result === undefined) throw new Error("an output is missing");
  return { dataType, ...result };
}

function portsOf(ports: readonly FloatPort[], shapes: readonly PortShape[]): readonly Port[] {
  return ports.map(({ name, dataType, place }) => ({ name, dataType, shape: shapes[place] ?? [] }));
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ").trim();
}
