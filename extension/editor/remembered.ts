import * as v from "valibot";
import { listOf } from "../../profiler/outside-data.ts";

/** Part of `vscode.Memento`. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

/** Models are opened by the hundred in a long-lived workspace; the ones not seen for longest are forgotten. */
export const REMEMBERED_MODELS = 100;

/** What the user chose for models of this workspace, the model last changed at the end. */
export class Remembered<Value> {
  readonly #memory: Memory;
  readonly #key: string;
  readonly #isValue: (value: unknown) => value is Value;

  constructor(memory: Memory, key: string, isValue: (value: unknown) => value is Value) {
    this.#memory = memory;
    this.#key = key;
    this.#isValue = isValue;
  }

  find(model: string): Value | undefined {
    return new Map(this.#entries()).get(model);
  }

  /** @param value undefined: it is forgotten */
  async keep(model: string, value: Value | undefined): Promise<void> {
    const others = this.#entries().filter(([known]) => known !== model);
    const entries = value === undefined ? others : [...others, [model, value] as const];
    await this.#memory.update(this.#key, entries.slice(-REMEMBERED_MODELS));
  }

  /** What another version left there is dropped rather than trusted. */
  #entries(): readonly (readonly [model: string, value: Value])[] {
    const entry = v.strictTuple([v.string(), v.custom<Value>(this.#isValue)]);
    return v.parse(listOf(entry), this.#memory.get(this.#key));
  }
}
