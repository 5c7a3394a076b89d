import { RunError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { ownEntry } from "../own-entry.ts";
import { newArray, type NamedTensors, type NumericTensor } from "../tensors/numeric-tensor.ts";
import { openLitertSession, openPart, openWithoutState, type OpenFixed, type PartRunner } from "./litert-session.ts";
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

/**
 * Of a part of a model, in LiteRT.js or, of one that it cannot load, in TFLite's own runtime where this machine has one.
 * @throws {RunError} when neither takes it
 */
export async function openTflitePart(part: Model, request: SessionRequest): Promise<PartRunner> {
  const tflite = hostTflite();
  if (tflite === undefined) return openPart(part, request);
  return firstThatTakes(
    () => openPart(part, request),
    () => openNativePart(tflite, part, request),
  );
}

async function openNativePart(tflite: HostTflite, part: Model, request: SessionRequest): Promise<PartRunner> {
  const session = await openLitertSession(part, request, (...args) => openNativeSession(tflite, ...args));
  return { session, runEach: (inputs, count, signal) => ranOneByOne(session, inputs, count, signal) };
}

/** See `PartRunner.runEach`. */
async function ranOneByOne(
  session: Session,
  inputs: NamedTensors,
  count: number,
  signal: AbortSignal | undefined,
): Promise<NamedTensors> {
  const all: Record<string, NumericTensor> = {};
  for (let sample = 0; sample < count; sample += 1) {
    const one = Object.entries(inputs).map(([name, tensor]) => {
      const length = tensor.data.length / count;
      return [name, { ...tensor, data: tensor.data.subarray(sample * length, (sample + 1) * length) }] as const;
    });
    for (const [name, { dataType, shape, data }] of Object.entries(
      await session.run(Object.fromEntries(one), signal),
    )) {
      const whole = ownEntry(all, name) ?? { dataType, shape, data: newArray(dataType, data.length * count) };
      whole.data.set(data, sample * data.length);
      all[name] = whole;
    }
  }
  return all;
}

async function openEither(tflite: HostTflite, model: Model, request: SessionRequest): Promise<Session> {
  const both: readonly OpenFixed[] = [openWithoutState, (...args) => openNativeSession(tflite, ...args)];
  const [first = openWithoutState, second = first] = request.prefersTflite === true ? both.toReversed() : both;
  return firstThatTakes(
    () => first(model, request),
    () => second(model, request),
  );
}

async function firstThatTakes<T>(first: () => Promise<T>, second: () => Promise<T>): Promise<T> {
  try {
    return await first();
  } catch (refusal) {
    // What a runtime died of, or was ended for, is not tried again.
    if (!(refusal instanceof RunError) || refusal.cause instanceof ProcessEnded) throw refusal;
    return second().catch((error: unknown) => {
      if (!(error instanceof RunError) || error.message === refusal.message) throw refusal;
      throw new RunError(`${refusal.message}; ${error.message}`, { cause: refusal });
    });
  }
}
