import { count } from "../counters.ts";
import type { Model } from "../model/model.ts";
import { innerTensors } from "./inner-tensors.ts";
import { inputRanges } from "./input-ranges.ts";
import { openOnnxSession } from "./onnx-session.ts";
import { randomTensors } from "./random-tensors.ts";
import type { RuntimeName } from "./process/runtime-process.ts";
import type { Session, SessionOptions, SessionRequest } from "./session.ts";
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
 * @throws {EdgewiseError} when an inner tensor cannot be captured, or the runtime refuses the model
 * @throws the signal's reason when it aborts
 */
export async function openSession(model: Model, options: SessionOptions = {}): Promise<Session> {
  const { tensors = [], ...settings } = options;
  const captured = innerTensors(model, tensors);
  const session = await RUNTIMES[model.format](model, { ...settings, captured, ranges: inputRanges(model) });
  count("sessions");
  return counted(withoutRandom(session, randomTensors(model)), options.signal);
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
  const { inputs, outputs, captured, skipped } = session;
  return {
    inputs,
    outputs,
    captured,
    skipped,
    run: (batch, own = signal) => {
      count("runs");
      return session.run(batch, own);
    },
    close: () => session.close(),
  };
}
