import { DeviceError } from "./device-error.ts";

/**
 * Ends waiting when the caller aborts or a time limit passes, though what was waited for may never answer.
 *
 * @param limitSeconds of the whole work
 * @param what "listing devices": for the message
 * @throws the signal's reason, or {DeviceError} "time-limit"
 */
export async function within<T>(
  what: string,
  limitSeconds: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const ending = new AbortController();
  const abort = (): void => ending.abort(signal?.reason);
  const timer = setTimeout(
    () =>
      ending.abort(
        new DeviceError("time-limit", `${what} took longer than ${limitSeconds} seconds`, {
          hint: "Unlock the phone, plug it in again, and try anew; a hub or a cable between may be the reason",
        }),
      ),
    limitSeconds * 1000,
  );
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await orAborted(work(ending.signal), ending.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** @throws the signal's reason as soon as it aborts, whatever `promise` does then */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
