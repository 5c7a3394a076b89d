import { EdgewiseError, RunError } from "../../errors.ts";
import { ProcessEnded } from "./runtime-process.ts";

/**
 * What a user is told of a runtime's failure.
 * @param what "resnet.onnx: ONNX Runtime failed"
 * @param hint of failures that the runtime itself tells
 * @returns the signal's reason where that has aborted, and errors that are the user's to read already
 */
export function runError(
  what: string,
  cause: unknown,
  { signal, hint }: { signal?: AbortSignal | undefined; hint?: string | undefined } = {},
): Error {
  if (signal?.aborted === true) return signal.reason as Error;
  if (cause instanceof EdgewiseError) return cause;
  const own = cause instanceof ProcessEnded ? cause.hint : hint;
  return new RunError(`${what}: ${plainMessage(cause)}`, { cause, hint: own });
}

/** Without the source positions that a runtime puts in front. */
function plainMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/^(?:Error: )?/, "")
    .replaceAll(/\s*\n\s*/g, " ")
    .trim();
}
