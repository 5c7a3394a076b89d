import { RunError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { openLitertSession, openWithoutState, type OpenFixed } from "./litert-session.ts";
import { hostTflite, type HostTflite } from "./native/bundles.ts";
import { openNativeSession } from "./native/native-session.ts";
import { ProcessEnded } from "./process/runtime-process.ts";
import type { Session, SessionRequest } from "./session.ts";

/**
 * A session of LiteRT.js or, of a model that it cannot load (state, custom operators that it lacks), of TFLite's own runtime, where this
 * machine has one; the other way round where that is preferred.
 *
 * @throws {RunError} when neither takes the model
 */
export function openTfliteSession(model: Model, request: SessionRequest): Promise<Session> {
  const tflite = hostTflite();
  if (tflite === undefined) return openLitertSession(model, request);
  return openLitertSession(model, request, (fixed, asked) => openEither(tflite, fixed, asked));
}

async function openEither(tflite: HostTflite, model: Model, request: SessionRequest): Promise<Session> {
  const both: readonly OpenFixed[] = [openWithoutState, (...args) => openNativeSession(tflite, ...args)];
  const [first = openWithoutState, second = first] = request.prefersTflite === true ? both.toReversed() : both;
  try {
    return await first(model, request);
  } catch (refusal) {
    // What a runtime died of, or was ended for, is not tried again.
    if (!(refusal instanceof RunError) || refusal.cause instanceof ProcessEnded) throw refusal;
    return second(model, request).catch((error: unknown) => {
      if (!(error instanceof RunError) || error.message === refusal.message) throw refusal;
      throw new RunError(`${refusal.message}; ${error.message}`, { cause: refusal });
    });
  }
}
