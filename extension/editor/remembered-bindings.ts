import type { Bindings } from "./profiling-session.ts";

/** Part of `vscode.Memento`. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = "edgewise.dimensionValues";

/** Models are opened by the hundred in a long-lived workspace; the ones not seen for longest are forgotten. */
export const REMEMBERED_MODELS = 100;

/** Dimension values that the user gave to models of this workspace, the model last changed at the end. */
export class RememberedBindings {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  of(model: string): Bindings {
    return new Map(this.#entries()).get(model) ?? {};
  }

  async remember(model: string, bindings: Bindings): Promise<void> {
    const others = this.#entries().filter(([known]) => known !== model);
    const entries = Object.keys(bindings).length === 0 ? others : [...others, [model, bindings] as const];
    await this.#memory.update(KEY, entries.slice(-REMEMBERED_MODELS));
  }

  /** What an older version left there is dropped rather than trusted. */
  #entries(): readonly (readonly [model: string, bindings: Bindings])[] {
    const stored = this.#memory.get(KEY);
    return Array.isArray(stored) ? stored.filter(isEntry) : [];
  }
}

function isEntry(value: unknown): value is readonly [string, Bindings] {
  if (!Array.isArray(value) || value.length !== 2 || typeof value[0] !== "string") return false;
  const bindings: unknown = value[1];
  return typeof bindings === "object" && bindings !== null && Object.values(bindings).every(Number.isInteger);
}
