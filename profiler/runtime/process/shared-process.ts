import { OWN_GRAPHS } from "../../onnx-runtime.ts";
import { placeFor, rest } from "./process-pool.ts";
import type { RuntimeAnswer, RuntimeRequest } from "./runtime-process.ts";

let keys = 0;

/** A process of ONNX Runtime that the parts of a network are loaded in, and that keeps arrays between their runs. */
export class SharedProcess {
  readonly place = placeFor("ONNX Runtime");
  readonly #kept = new Set<string>();
  readonly #graphs = new Map<string, Promise<number>>();

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

  /**
   * The handle of a model that computes on what is kept, loaded when it is first asked for.
   * @throws as `request`
   */
  graph(name: string, bytes: () => Uint8Array): Promise<number> {
    const known = this.#graphs.get(name) ?? this.#loaded(bytes());
    this.#graphs.set(name, known);
    return known;
  }

  async #loaded(bytes: Uint8Array): Promise<number> {
    const { result } = await this.request({ action: "open", value: { options: OWN_GRAPHS }, arrays: [bytes] });
    return (result as { readonly handle: number }).handle;
  }

  /** What it keeps is dropped. */
  close(): void {
    this.drop(this.#kept);
    for (const graph of this.#graphs.values())
      graph.then((handle) => this.request({ action: "release", value: { handle } })).catch(() => undefined);
    this.place.open -= 1;
    rest(this.place);
  }
}
