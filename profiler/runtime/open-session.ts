import { count } from "../counters.ts";
import type { Model } from "../model/model.ts";
import { innerTensors } from "./inner-tensors.ts";
import { inputRanges } from "./input-ranges.ts";
import { openOnnxSession } from "./onnx-session.ts";
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
  return counted(session, options.signal);
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
