import { useEffect, useState } from "preact/hooks";
import { RpcError, type Failure } from "../protocol/rpc.ts";

/** Where a question to the host stands. The last answer stays in sight while a newer one is on its way. */
export interface Asked<T> {
  readonly isWaiting: boolean;
  readonly value: T | null;
  readonly failure: Failure | null;
}

interface Answer<T> {
  /** What it answers; null: what was asked is asked again. */
  readonly key: string | null;
  readonly value: T | null;
  readonly failure: Failure | null;
}

const NO_ANSWER = { key: null, value: null, failure: null };

/**
 * Asks when `key` changes, and gives up the question before it. What is answered for an older key is dropped.
 * @param ask undefined: there is nothing to ask just now
 * @param delay milliseconds to wait for another key, for what changes while a slider moves
 */
export function useAsked<T>(key: string, ask: ((signal: AbortSignal) => Promise<T>) | undefined, delay = 0): Asked<T> {
  const [answer, setAnswer] = useState<Answer<T>>(NO_ANSWER);
  const isAsking = ask !== undefined;
  useEffect(() => {
    if (ask === undefined) return undefined;
    const controller = new AbortController();
    setAnswer((last) => (last.key === key ? { ...last, key: null } : last));
    const timer = setTimeout(() => {
      ask(controller.signal).then(
        (value) => !controller.signal.aborted && setAnswer({ key, value, failure: null }),
        (error: unknown) => {
          // A newer revision asks anew.
          if (controller.signal.aborted || isStale(error)) return;
          setAnswer({ key, value: null, failure: failureOf(error) });
        },
      );
    }, delay);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
    // The key says what is asked: the function is another one with each drawing.
  }, [key, isAsking]);
  const isWaiting = isAsking && answer.key !== key;
  return { isWaiting, value: answer.value, failure: isWaiting ? null : answer.failure };
}

export function failureOf(error: unknown): Failure {
  if (error instanceof RpcError) return error.failure;
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}

function isStale(error: unknown): boolean {
  return error instanceof RpcError && error.failure.code === "stale";
}
