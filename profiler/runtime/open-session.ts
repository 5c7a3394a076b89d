import { count } from "../counters.ts";
import { EdgewiseError, RunError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { Random } from "../numeric/random.ts";
import { requireData } from "../model/require-data.ts";
import { describePlace, findCrash, wholePlace, type PartOutcome } from "./crash-place.ts";
import { innerTensors } from "./inner-tensors.ts";
import { inputRanges } from "./input-ranges.ts";
import { withDefaults } from "./model-ports.ts";
import { openOnnxSession } from "./onnx-session.ts";
import { randomTensors } from "./random-tensors.ts";
import type { NamedTensors, NumericTensor } from "../tensors/numeric-tensor.ts";
import { ProcessDied, type RuntimeName } from "./process/runtime-process.ts";
import { samplingOf, withSampling } from "./sampling.ts";
import { type KeptSlice, type Session, type SessionOptions, type SessionRequest } from "./session.ts";
import { takesBatches } from "../calibration/input-layout.ts";
import { doubtOf } from "./saturation.ts";
import { openTfliteSession } from "./tflite-session.ts";

/** What runs each format. */
export const RUNTIME_NAMES: Readonly<Record<Model["format"], RuntimeName>> = {
  onnx: "ONNX Runtime",
  tflite: "LiteRT.js",
};

/** How it does: loaded when it is first asked for a session. It stands above the formats, which runtimes ask about their models. */
const RUNTIMES: Readonly<Record<Model["format"], (model: Model, request: SessionRequest) => Promise<Session>>> = {
  onnx: openOnnxSession,
  tflite: openTfliteSession,
};

/**
 * Makes a model ready to run on this machine, edits included: ONNX with ONNX Runtime, TFLite with LiteRT.js, or TFLite itself
 * where that cannot load it. A model was read as hostile
 * bytes first, so neither runtime sees a broken file.
 *
 * @throws {ExternalDataError} when a data file of the model is missing
 * @throws {EdgewiseError} when an inner tensor cannot be captured, or the runtime refuses the model
 * @throws the signal's reason when it aborts
 */
export async function openSession(model: Model, options: SessionOptions = {}): Promise<Session> {
  const { tensors = [], signal, shared, ...settings } = options;
  requireData(model);
  const captured = innerTensors(model, tensors);
  const ranges = inputRanges(model);
  const request = { ...settings, ...(signal && { signal }), ...(shared && { shared }), captured, ranges };
  const begun = performance.now();
  const session = await RUNTIMES[model.format](model, request).catch(async (error: unknown) => {
    throw await withPlace(error, model, settings, { begun, signal });
  });
  count("sessions");
  const doubt = session.doubt ?? doubtOf(model);
  const run: Session["run"] = (batch, own = signal, targetFor) => {
    const started = performance.now();
    return session.run(batch, own, targetFor).catch(async (error: unknown) => {
      throw await withPlace(error, model, settings, { inputs: batch, begun: started, signal: own });
    });
  };
  const { outputs, skipped } = session;
  const sampled = takesBatches(session) ? withSampling(session.inputs, samplingOf(model)) : session.inputs;
  const inputs = withDefaults(sampled, model);
  const { runKept } = session;
  const keeping =
    runKept &&
    ({
      runKept: (given, kept) => {
        const started = performance.now();
        return runKept(given, kept).catch(async (error: unknown) => {
          throw await withPlaceInPart(error, model, { inputs: syntheticInputs(given), begun: started, signal });
        });
      },
    } satisfies Pick<Session, "runKept">);
  const told = { inputs, outputs, captured: session.captured, skipped, run, close: () => session.close(), ...keeping };
  return { ...counted(withoutRandom(told, randomTensors(model)), signal), ...(doubt && { doubt }) };
}

interface Death {
  /** Left out where it died of loading the model. */
  readonly inputs?: NamedTensors;
  /** When it was asked, by `performance.now()`. */
  readonly begun: number;
  readonly signal: AbortSignal | undefined;
  /** The model is a part of the user's, which tells where it died whether or not it dies again. */
  readonly isPart?: boolean;
}

/** Of a runtime that died of a part of a model the operator too, or between which ones it was. */
export function withPlaceInPart(error: unknown, part: Model, death: Omit<Death, "isPart">): Promise<unknown> {
  return withPlace(error, part, {}, { ...death, isPart: true });
}

/** What a process kept is lost with it: numbers between 0 and 1 stand for it where its death is looked for. */
function syntheticInputs(given: Readonly<Record<string, NumericTensor | KeptSlice>>): NamedTensors {
  const random = new Random(0);
  return Object.fromEntries(
    Object.entries(given).map(([name, one]) => {
      if (!("key" in one)) return [name, one];
      const length = one.shape.reduce((product, size) => product * size, 1);
      return [
        name,
        { dataType: "float32", shape: one.shape, data: Float32Array.from({ length }, () => random.uniform()) },
      ];
    }),
  );
}

/** Of a runtime that died the operator too. */
async function withPlace(
  error: unknown,
  model: Model,
  settings: Omit<SessionOptions, "tensors" | "signal">,
  { inputs, begun, signal, isPart = false }: Death,
): Promise<unknown> {
  if (!(error instanceof RunError) || !(error.cause instanceof ProcessDied)) return error;
  const tryPart = async (part: Model, ending: AbortSignal): Promise<PartOutcome> => {
    const request = { ...settings, captured: [], ranges: new Map(), signal: ending, isAlone: true };
    try {
      const session = await RUNTIMES[part.format](part, request);
      try {
        if (inputs) await session.run(inputs, ending);
      } finally {
        await session.close();
      }
      return "ran";
    } catch (failure) {
      ending.throwIfAborted();
      return failure instanceof RunError && failure.cause instanceof ProcessDied ? "died" : "refused";
    }
  };
  const found = await findCrash(model, tryPart, signal, timeToDieAgain(performance.now() - begun)).catch(
    (failure: unknown) => {
      // Where the model cannot be taken apart, its death is told without a place.
      if (failure instanceof EdgewiseError) return undefined;
      throw failure;
    },
  );
  const place = found ?? (isPart ? wholePlace(model) : undefined);
  if (place === undefined) return error;
  return new RunError(`${error.message}, in ${describePlace(place)}`, { cause: error.cause, hint: error.hint });
}

/** What starting anew and a busier machine may add. */
const START_MILLISECONDS = 5000;

function timeToDieAgain(milliseconds: number): number {
  return 2 * milliseconds + START_MILLISECONDS;
}

/** What is another at each run is nothing to compare: it is told as what cannot be, and given only where it was asked for by name. */
function withoutRandom(session: Session, random: ReadonlyMap<string, string>): Session {
  const outputs = session.outputs.filter(({ name }) => !random.has(name));
  const isCaptured = (name: string): boolean => session.captured.some((port) => port.name === name);
  const left = [...session.outputs, ...session.captured].flatMap(({ name }) => {
    const reason = random.get(name);
    return reason === undefined ? [] : [{ name, reason }];
  });
  if (left.length === 0) return session;
  return {
    inputs: session.inputs,
    outputs,
    captured: session.captured,
    skipped: [...session.skipped, ...left],
    run: async (batch, signal) => {
      const given = Object.entries(await session.run(batch, signal));
      return Object.fromEntries(given.filter(([name]) => !random.has(name) || isCaptured(name)));
    },
    close: () => session.close(),
  };
}

function counted(session: Session, signal: AbortSignal | undefined): Session {
  const { inputs, outputs, captured, skipped, runKept } = session;
  return {
    inputs,
    outputs,
    captured,
    skipped,
    run: (batch, own = signal, targetFor) => {
      count("runs");
      return session.run(batch, own, targetFor);
    },
    ...(runKept && {
      runKept: (given, kept) => {
        count("runs");
        return runKept(given, kept);
      },
    }),
    close: () => session.close(),
  };
}
