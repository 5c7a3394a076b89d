import { orAborted } from "./interruption.ts";

/** Runs that would disturb each other, one after the other in the order in which they were asked for. */
export class RunQueue {
  #last: Promise<unknown> = Promise.resolve();
  #runs = 0;

  /**
   * Waits for the runs before, then works.
   * @param onWait is told when there are any
   * @throws the signal's reason as soon as it aborts while waiting
   */
  async take<T>(signal: AbortSignal | undefined, onWait: () => void, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    if (this.#runs > 0) onWait();
    this.#runs += 1;
    const before = this.#last;
    let leave: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => (leave = resolve));
    // Who gives up waiting lets the next one through only behind those before both.
    this.#last = before.then(() => turn);
    try {
      await (signal === undefined ? before : orAborted(before, signal));
      return await work();
    } finally {
      this.#runs -= 1;
      leave();
    }
  }
}
