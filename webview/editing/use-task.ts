import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure } from "../protocol/rpc.ts";
import { failureOf } from "./use-asked.ts";

export interface Task<T> {
  readonly isRunning: boolean;
  readonly result: T | null;
  readonly failure: Failure | null;
  readonly start: (work: (signal: AbortSignal) => Promise<T>) => void;
  readonly cancel: () => void;
  readonly clear: () => void;
}

type State<T> = Pick<Task<T>, "isRunning" | "result" | "failure">;

/** Work that a button starts and another one ends. Another start, and the component's end, end it too. */
export function useTask<T>(): Task<T> {
  const [state, setState] = useState<State<T>>({ isRunning: false, result: null, failure: null });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const end = (controller: AbortController, next: Partial<State<T>>): void => {
    if (running.current !== controller) return;
    running.current = null;
    setState({ isRunning: false, result: null, failure: null, ...next });
  };
  const cancel = (): void => {
    const controller = running.current;
    if (!controller) return;
    controller.abort();
    end(controller, {});
  };
  return {
    ...state,
    cancel,
    clear: () => {
      cancel();
      setState({ isRunning: false, result: null, failure: null });
    },
    start: (work) => {
      running.current?.abort();
      const controller = new AbortController();
      running.current = controller;
      setState({ isRunning: true, result: null, failure: null });
      work(controller.signal).then(
        (result) => end(controller, { result }),
        (error: unknown) => end(controller, { failure: failureOf(error) }),
      );
    },
  };
}
