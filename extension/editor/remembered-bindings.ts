import * as v from "valibot";
import type { Bindings } from "./profiling-session.ts";
import { Remembered, type Memory } from "./remembered.ts";

/** Dimension values that the user gave to models of this workspace. */
export class RememberedBindings {
  readonly #values: Remembered<Bindings>;

  constructor(memory: Memory) {
    this.#values = new Remembered(memory, "edgewise.dimensionValues", isBindings);
  }

  of(model: string): Bindings {
    return this.#values.find(model) ?? {};
  }

  async remember(model: string, bindings: Bindings): Promise<void> {
    await this.#values.keep(model, Object.keys(bindings).length === 0 ? undefined : bindings);
  }
}

const BINDINGS = v.record(v.string(), v.pipe(v.number(), v.integer()));

function isBindings(value: unknown): value is Bindings {
  return v.is(BINDINGS, value);
}
