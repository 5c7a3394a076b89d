import { ownEntry } from "../own-entry.ts";
import { RunError } from "../errors.ts";
import { numberedTflite } from "../formats/tflite/write.ts";
import { withFloatInputsOutputs, type FloatPort } from "../formats/tflite/float-inputs-outputs.ts";
import { ABSENT, type Model } from "../model/model.ts";
import { isStatic, printDimension, type PortShape } from "../model/shape.ts";
import { inferOpen } from "../translation/lift-model.ts";
import { boundTo, hasOpenSizes, openShapes } from "./bound-model.ts";
import { checkInputs } from "../tensors/check-inputs.ts";
import type { NamedTensors, NumericArray, NumericTensor } from "../tensors/numeric-tensor.ts";
import { LoadedModel, type Loading } from "./process/loaded-model.ts";
import { variableTensors, writesState } from "./model-state.ts";
import { hostTflite, whyNoHostTflite } from "./native/bundles.ts";
import { runError } from "./process/run-error.ts";
import type { RuntimeAnswer } from "./process/runtime-process.ts";
import { type Session, type SessionRequest } from "./session.ts";
import { withRange, type Port } from "../tensors/port.ts";

/** Opens a session of a model whose sizes are all known. */
export type OpenFixed<S extends Session = Session> = (model: Model, request: SessionRequest) => Promise<S>;

/**
 * A session of LiteRT.js (WASM with XNNPACK) in a process of its own. Quantized ports are given and taken as the real numbers that they
 * stand for.
 *
 * @param openFixed what runs the model at known sizes: LiteRT.js when left out
 * @throws {RunError} when LiteRT.js refuses the model, or an input or output is no tensor of numbers
 */
export async function openLitertSession(
  model: Model,
  request: SessionRequest,
  openFixed: OpenFixed = openWithoutState,
): Promise<Session> {
  return hasOpenSizes(model) ? openOpenSession(model, request, openFixed) : openFixed(boundTo(model, []), request);
}

/** @throws {RunError} for a model with state too, and one that LiteRT.js answers wrongly */
export async function openWithoutState(model: Model, request: SessionRequest): Promise<Session> {
  refuseState(model);
  refuseSparseHalves(model);
  refuseRunTimeSizes(model, request);
  return writesState(model) ? openForgetful(model, request) : openFixedSession(model, request);
}

/** Variables of the model begin each run as they begin the first, as TFLite's own runtime resets those that are tensors: it is loaded for each. */
async function openForgetful(model: Model, request: SessionRequest): Promise<Session> {
  const opened = (signal = request.signal): Promise<LitertSession> =>
    openFixedSession(model, signal ? { ...request, signal } : request);
  let unused: LitertSession | undefined = await opened();
  let isClosed = false;
  const { inputs, outputs, captured, skipped } = unused;
  return {
    ...{ inputs, outputs, captured, skipped },
    run: async (given, signal) => {
      if (isClosed) throw new RunError(`${model.file}: the session is closed`);
      const waiting = unused;
      unused = undefined;
      const session = waiting ?? (await opened(signal));
      try {
        return await session.run(given, signal);
      } finally {
        await session.close();
      }
    },
    close: async () => {
      isClosed = true;
      await unused?.close();
      unused = undefined;
    },
  };
}

/** What runs a part of a model, whose tensors need not be known to a user. */
export interface PartRunner {
  readonly session: Session;
  /** Many samples, each in a run of its own: elements of all one after the other, and the shape of one. */
  readonly runEach: (inputs: NamedTensors, count: number, signal?: AbortSignal) => Promise<NamedTensors>;
}

/**
 * Of a part of a model: many samples are run at a time, at the sizes that they have.
 * @throws {RunError} when LiteRT.js refuses it, or is known to answer wrongly
 */
export async function openPart(part: Model, request: SessionRequest): Promise<PartRunner> {
  refuseState(part);
  refuseSparseHalves(part);
  if (hasOpenSizes(part)) {
    const session = await openOpenSession(part, request, openFixedSession);
    const runEach: PartRunner["runEach"] = async (inputs, count, signal) => {
      const shapes = session.inputs.map(({ name }) => ownEntry(inputs, name)?.shape ?? []);
      return (await session.at(shapes, signal)).runEach(inputs, count, signal);
    };
    return { session, runEach };
  }
  const session = await openFixedSession(boundTo(part, []), request);
  return { session, runEach: (...given) => session.runEach(...given) };
}

/** Of a model with open sizes: a session for each shape of the inputs in turn. */
async function openOpenSession<S extends Session>(
  model: Model,
  request: SessionRequest,
  openFixed: OpenFixed<S>,
): Promise<OpenSizeSession<S>> {
  const written = await numberedTflite(model);
  const float = await withFloatInputsOutputs(model.file, written.bytes, extraOutputs(written, request));
  const shapes = inferOpen(model).inferredTypes;
  const ids = [...model.entries[0].graph.outputs, ...request.captured.map(({ id }) => id)];
  const sizes = openShapes(model);
  const given = portsOf(float.inputs, sizes).map((port) => withRange(port, request.ranges.get(port.name)));
  const ports = float.outputs.map(({ name, dataType }, place): Port => {
    const shape = shapes[ids[place] ?? -1]?.shape ?? [];
    return { name, dataType, shape: shape.map(printDimension) };
  });
  return new OpenSizeSession(model, request, openFixed, given, ports);
}

class OpenSizeSession<S extends Session> implements Session {
  readonly skipped = [];
  readonly outputs: readonly Port[];
  readonly captured: readonly Port[];
  #bound: { readonly key: string; readonly session: S } | undefined;
  #isClosed = false;

  constructor(
    private readonly model: Model,
    private readonly request: SessionRequest,
    private readonly openFixed: OpenFixed<S>,
    readonly inputs: readonly Port[],
    ports: readonly Port[],
  ) {
    this.outputs = ports.slice(0, ports.length - request.captured.length);
    this.captured = ports.slice(ports.length - request.captured.length);
  }

  async run(inputs: NamedTensors, signal?: AbortSignal): Promise<NamedTensors> {
    const shapes = checkInputs(this.model.file, this.inputs, inputs).map(({ shape }) => shape);
    return (await this.at(shapes, signal)).run(inputs, signal);
  }

  /** The session that runs inputs of these shapes. */
  async at(shapes: readonly (readonly number[])[], signal?: AbortSignal): Promise<S> {
    if (this.#isClosed) throw new RunError(`${this.model.file}: the session is closed`);
    const key = JSON.stringify(shapes);
    if (this.#bound?.key !== key) {
      await this.#bound?.session.close();
      this.#bound = undefined;
      const request = signal ? { ...this.request, signal } : this.request;
      this.#bound = { key, session: await this.openFixed(boundTo(this.model, shapes), request) };
    }
    return this.#bound.session;
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

/** Shapes of the model's inputs and outputs, in order. */
interface Facts {
  readonly handle: number;
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
}

/**
 * A session of a model whose sizes are all known.
 * @throws {RunError} when LiteRT.js refuses the model or dies of it
 * @throws the signal's reason when it aborts
 */
export async function openFixedSession(model: Model, request: SessionRequest): Promise<LitertSession> {
  const { captured, ranges, signal, isAlone } = request;
  const file = model.file;
  const withFloats = async (): ReturnType<typeof withFloatInputsOutputs> => {
    const written = await numberedTflite(model);
    return withFloatInputsOutputs(file, written.bytes, extraOutputs(written, request));
  };
  // Its bytes are not held for the case that it has to be loaded again.
  let first: Awaited<ReturnType<typeof withFloats>> | undefined = await withFloats();
  const { inputs, outputs } = first;
  const loading = async (): Promise<Loading> => {
    const { bytes } = first ?? (await withFloats());
    first = undefined;
    return { value: {}, arrays: [bytes] };
  };
  try {
    const loaded = await LoadedModel.load<Facts>("LiteRT.js", loading, signal, { isAlone });
    const given = portsOf(inputs, loaded.facts.inputs).map((port) => withRange(port, ranges.get(port.name)));
    return new LitertSession(file, loaded, given, outputs, captured.length);
  } catch (cause) {
    throw runError(`${file}: LiteRT.js cannot load it`, cause, { signal });
  }
}

/**
 * LiteRT.js 2.5.3 loads sparse float16 weights behind DENSIFY and DEQUANTIZE and gives numbers that have nothing to do with them
 * (findings/litert-js-sparse-float16-is-garbage.sh); TFLite 2.9 answers rightly.
 */
function refuseSparseHalves({ file, entries }: Model): void {
  for (const { graph } of entries)
    for (const { name, constant } of graph.tensors)
      if (constant?.isSparse === true && constant.dataType === "float16")
        throw new RunError(
          `${file}: LiteRT.js cannot run it: "${name}" is a sparse tensor of float16, which LiteRT.js computes wrongly without a word`,
          {
            hint: "Store it as float32, or not as a sparse tensor. TFLite itself runs it: Edgewise's on Linux and on a phone",
          },
        );
}

/**
 * LiteRT.js 2.5.3 gives what lies in memory for a tensor whose operator finds out its size from numbers (TILE, RANGE, WHERE …), whatever size the file
 * declares (findings/litert-js-outputs-sized-by-the-run-are-garbage.sh); TFLite 2.9 answers rightly. What is computed from such a tensor is right again.
 */
function refuseRunTimeSizes(model: Model, { captured }: SessionRequest): void {
  const { graph, inferredTypes } = inferOpen(model);
  const isKnown = (id: number): boolean => {
    const shape = inferredTypes[id]?.shape;
    return shape !== undefined && isStatic(shape);
  };
  const given = [...graph.outputs, ...captured.map(({ id }) => id)];
  for (const id of given.filter((each) => !isKnown(each))) {
    const maker = graph.nodes.find(({ outputs }) => outputs.includes(id));
    if (maker === undefined || !maker.inputs.every((input) => input === ABSENT || isKnown(input))) continue;
    throw new RunError(
      `${model.file}: LiteRT.js cannot run it: ${maker.op} finds out the size of "${graph.tensors[id]?.name ?? id}" from numbers, and LiteRT.js gives wrong ones for it without a word`,
      { hint: "TFLite itself runs it: Edgewise's on Linux and on a phone" },
    );
  }
}

/** @throws {RunError} for a model that keeps state from one run to the next, which LiteRT.js has no memory for */
function refuseState(model: Model): void {
  const [variable] = variableTensors(model);
  if (variable !== undefined) {
    const { tensor, keeper } = variable;
    throw new RunError(
      `${model.file}: LiteRT.js cannot run it: "${tensor.name}"${keeper ? ` of ${keeper.op}` : ""} is a variable tensor, which keeps its value from one run to the next, and LiteRT.js does not support these`,
      {
        hint: `Its costs can be shown, but its answers not be checked here, and so no edit is made. ${hostTflite() ? "" : `${whyNoHostTflite()} `}On a phone Google's benchmark_model runs it: name yours in edgewise.benchmarkModelPath or --benchmark-model`,
      },
    );
  }
}

class LitertSession implements Session {
  readonly skipped = [];
  readonly outputs: readonly Port[];
  readonly captured: readonly Port[];
  #loaded: LoadedModel<Facts> | undefined;

  constructor(
    private readonly file: string,
    loaded: LoadedModel<Facts>,
    readonly inputs: readonly Port[],
    private readonly floatOutputs: readonly FloatPort[],
    captured: number,
  ) {
    const ports = portsOf(floatOutputs, loaded.facts.outputs);
    this.outputs = ports.slice(0, ports.length - captured);
    this.captured = ports.slice(ports.length - captured);
    this.#loaded = loaded;
  }

  run(inputs: NamedTensors, signal?: AbortSignal): Promise<NamedTensors> {
    return this.#request("run", {}, () => checkInputs(this.file, this.inputs, inputs), signal);
  }

  /**
   * Many samples, each in a run of its own.
   * @param inputs elements of all samples one after the other, and the shape of one
   */
  runEach(inputs: NamedTensors, count: number, signal?: AbortSignal): Promise<NamedTensors> {
    const given = (): readonly NumericTensor[] => {
      const tensors = this.inputs.flatMap(({ name }) => ownEntry(inputs, name) ?? []);
      if (tensors.length !== this.inputs.length) throw new RunError(`${this.file}: an input is missing`);
      return tensors;
    };
    return this.#request("runEach", { count }, given, signal);
  }

  async close(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = undefined;
    await loaded?.close();
  }

  async #request(
    action: string,
    value: object,
    inputs: () => readonly NumericTensor[],
    signal: AbortSignal | undefined,
  ): Promise<NamedTensors> {
    const loaded = this.#loaded;
    if (loaded === undefined) throw new RunError(`${this.file}: the session is closed`);
    const given = inputs();
    try {
      const shapes = given.map(({ shape }) => shape);
      const arrays = given.map(({ data }) => data);
      const answer = await loaded.request(action, { ...value, shapes }, arrays, signal);
      return namedOutputs(this.floatOutputs, answer.result as readonly (readonly number[])[], answer.arrays);
    } catch (cause) {
      throw runError(`${this.file}: LiteRT.js failed`, cause, { signal });
    }
  }
}

/** What a process gives for a model's outputs, by their names. */
export function namedOutputs(
  ports: readonly FloatPort[],
  shapes: readonly (readonly number[])[],
  arrays: RuntimeAnswer["arrays"],
): NamedTensors {
  return Object.fromEntries(
    ports.map(({ name, dataType, place }) => {
      const [shape, data] = [shapes[place], arrays[place]];
      if (shape === undefined || data === undefined) throw new Error("an output is missing");
      return [name, { dataType, shape, data: data as NumericArray }] as const;
    }),
  );
}

function portsOf(ports: readonly FloatPort[], shapes: readonly PortShape[]): readonly Port[] {
  return ports.map(({ name, dataType, place }) => ({ name, dataType, shape: shapes[place] ?? [] }));
}
