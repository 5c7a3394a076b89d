import type { Memory } from "./remembered-bindings.ts";

const KEY = "edgewise.pagePreferences";

/** How a user likes the page, whichever model it shows: kept for the page, which alone knows what is in it. */
export class PagePreferences {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  get(): unknown {
    return this.#memory.get(KEY);
  }

  async set(preferences: unknown): Promise<void> {
    await this.#memory.update(KEY, preferences);
  }
}
