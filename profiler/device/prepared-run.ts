import { ownEntry } from "../own-entry.ts";
import type { ByteSource } from "../bytes/byte-source.ts";
import { CalibrationError, RunError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { requireData } from "../model/require-data.ts";
import { MemorySource } from "../bytes/memory-source.ts";
import { formatOf } from "../formats/formats.ts";
import { bindInputs } from "../bindings.ts";
import { atSizes } from "../translation/fixed-sizes.ts";
import { isMain, partName } from "../model/choose-entry.ts";
import { PortSizes } from "../calibration/port-sizes.ts";
import { openSamples } from "../calibration/sample-set.ts";
import type { NamedTensors } from "../tensors/numeric-tensor.ts";
import { inputPorts } from "../runtime/model-ports.ts";
import { boundTo } from "../runtime/bound-model.ts";
import { hasState } from "../runtime/model-state.ts";
import { openSession } from "../runtime/open-session.ts";
import { saturationOf } from "../runtime/saturation.ts";
import type { Session } from "../runtime/session.ts";
import type { Port } from "../tensors/port.ts";
import { fileOf, filesOf, hashOf, type ModelFile } from "./model-files.ts";
import type { RunModel } from "./run-result.ts";
import type { RunOptions } from "./target.ts";

/** A model with everything that a run of it on a device needs, made on this machine. */
export interface PreparedRun {
  readonly identity: RunModel;
  readonly model: Model;
  /** The model's own file first, then its data files. */
  readonly files: readonly ModelFile[];
  /** One run's inputs, in the model's order. */
  readonly inputs: NamedTensors;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Every dynamic dimension of the inputs. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** What the inputs are: "seeded random (seed 0)". */
  readonly description: string;
  /** What this machine gives for them; without those that it skips. */
  readonly outputs: NamedTensors;
  readonly skipped: Session["skipped"];
  /** In what `files` are not the user's. */
  readonly notes: readonly string[];
}

/**
 * Chooses a model's inputs and runs it on this machine once, for the outputs that a device's are compared with.
 * @param by what the device's runtime does otherwise than this machine's: there may be nothing to compare its outputs with then
 * @throws {EdgewiseError} when it is broken, does not run here, or the options do not fit it
 */
export async function prepareRun(
  asRead: Model,
  options: RunOptions,
  by: DeviceRuntime = {},
  signal?: AbortSignal,
): Promise<PreparedRun> {
  requireData(asRead);
  bindInputs(asRead, options.dimensions ?? {});
  const model = atSizes(asRead, options.dimensions);
  const files = filesOf(asRead, await fileOf(asRead));
  const unlessItRunsMore = (error: unknown): Reference => {
    if (by.runsMore === true && error instanceof RunError) return withoutRunning(model, error.message);
    throw error;
  };
  const asked = { prefersTflite: by.isTflite === true, ...(signal && { signal }) };
  const session =
    by.keepsState === true && hasState(model)
      ? withoutRunning(model, KEEPS_STATE)
      : await openSession(model, asked).catch(unlessItRunsMore);
  try {
    const given = await inputsOf(session.inputs, options);
    const part = partName(model);
    const identity: RunModel = {
      file: model.file,
      ...(part !== undefined && { part }),
      format: model.format,
      // What runs of another entry is a file of its own.
      fileBytes: isMain(model) ? files.reduce((sum, file) => sum + file.source.size, 0) : model.fileBytes,
      sha256: await hashOf(files),
    };
    const ran = await outputsOf(session, given.inputs, unlessItRunsMore);
    const doubt = saturationOf(model);
    const bound = boundTo(
      model,
      session.inputs.map(({ name }) => ownEntry(given.inputs, name)?.shape),
    );
    const runnable = await formatOf(bound).runnable(bound);
    const runFiles = (): Promise<ByteSource> =>
      runnable === undefined ? fileOf(bound) : Promise.resolve(new MemorySource(bound.file, runnable.bytes));
    const inputNames = session.inputs.map(({ name }) => name);
    return {
      identity,
      model: bound,
      files: bound === asRead && runnable === undefined ? files : filesOf(bound, await runFiles()),
      notes: runnable === undefined ? [] : [runnable.note],
      inputNames,
      outputNames: session.outputs.map(({ name }) => name),
      ...(doubt === undefined ? ran : notComparable(session, doubt)),
      ...given,
    };
  } finally {
    await session.close();
  }
}

function notComparable({ outputs, skipped }: Reference, reason: string): Pick<PreparedRun, "outputs" | "skipped"> {
  return { outputs: {}, skipped: [...skipped, ...outputs.map(({ name }) => ({ name, reason }))] };
}

/** Of a device's runtime. */
export interface DeviceRuntime {
  /** It may run models that this machine does not. */
  readonly runsMore?: boolean;
  /** It gives the outputs of the last of several runs, and keeps a model's state between them. */
  readonly keepsState?: boolean;
  /** It is TFLite itself: the same on this machine is what it is compared with. Of quantized weights it rounds otherwise than LiteRT.js. */
  readonly isTflite?: boolean;
}

const KEEPS_STATE =
  "it keeps state from one run to the next, and the device's outputs are those of the last of several";

/** Sizes that a model leaves open are known in a run alone: so may what does not run here. */
async function outputsOf(
  session: Reference,
  inputs: NamedTensors,
  otherwise: (error: unknown) => Reference,
): Promise<Pick<PreparedRun, "outputs" | "skipped">> {
  try {
    return { outputs: await session.run(inputs), skipped: session.skipped };
  } catch (error) {
    return { outputs: {}, skipped: otherwise(error).skipped };
  }
}

type Reference = Pick<Session, "inputs" | "outputs" | "skipped" | "run" | "close">;

/** What samples are chosen for, of a model that this machine cannot run. */
function withoutRunning(model: Model, why: string): Reference {
  const { graph } = model.entries[0];
  const reason = `There is nothing to compare with: ${why}.`;
  return {
    inputs: inputPorts(model),
    outputs: [],
    skipped: graph.outputs.map((id) => ({ name: graph.tensors[id]?.name ?? "", reason })),
    run: () => Promise.resolve({}),
    close: () => Promise.resolve(),
  };
}

interface GivenInputs {
  readonly inputs: NamedTensors;
  readonly dimensions: Readonly<Record<string, number>>;
  readonly description: string;
}

/** Synthetic inputs have all dimensions bound; samples of files have sizes of their own, and are stacked along the batch. */
async function inputsOf(ports: readonly Port[], options: RunOptions): Promise<GivenInputs> {
  const sizes = new PortSizes(ports);
  const given = options.dimensions ?? {};
  const isSynthetic = options.calibration?.inputs === undefined;
  const all = { ...sizes.defaults, ...given };
  const bound = isSynthetic ? ports.map((port) => ({ ...port, shape: sizes.at(port.shape, all) })) : ports;
  const stacked = bound.find(({ shape }) => typeof shape[0] === "string");
  const [batch = 1] = stacked === undefined ? [] : sizes.at(stacked.shape.slice(0, 1), all);
  const count = typeof batch === "number" ? batch : 1;
  const samples = await openSamples({ ...options.calibration, dimensions: isSynthetic ? all : given, count }, bound);
  try {
    if (samples.count < count)
      throw new CalibrationError(
        `${samples.description}: ${count} samples are one batch, and there are ${samples.count}`,
      );
    const { inputs } = await samples.batch(0, count);
    const told = ports.map(({ name, shape }) => sizes.toldBy(shape, ownEntry(inputs, name)?.shape ?? []));
    const dimensions = Object.assign({ ...all }, ...told) as Readonly<Record<string, number>>;
    return { inputs, dimensions, description: samples.description };
  } finally {
    await samples.close();
  }
}
