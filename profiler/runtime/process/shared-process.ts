import { placeFor, rest } from "./process-pool.ts";
import type { RuntimeAnswer, RuntimeRequest } from "./runtime-process.ts";

let keys = 0;

/** A process of ONNX Runtime that the parts of a network are loaded in, and that keeps arrays between their runs. */
export class SharedProcess {
  readonly place = placeFor("ONNX Runtime");
  readonly #kept = new Set<string>();

  constructor() {
    this.place.open += 1;
  }

  /** Names an array that is to be kept, as no other is. */
  newKey(): string {
    const key = `kept ${keys++}`;
    this.#kept.add(key);
    return key;
  }

  /** @throws {RuntimeFailure} @throws {ProcessEnded} @throws the signal's reason when it aborts */
  request(request: RuntimeRequest): Promise<RuntimeAnswer> {
    return this.place.process.request(request);
  }

  /** Of a process that has ended nothing is left to drop. */
  drop(kept: Iterable<string>): void {
    const dropped = [...kept].filter((key) => this.#kept.delete(key));
    if (dropped.length > 0) this.request({ action: "drop", value: { keys: dropped } }).catch(() => undefined);
  }

  /** What it keeps is dropped. */
  close(): void {
    this.drop(this.#kept);
    this.place.open -= 1;
    rest(this.place);
  }
}
