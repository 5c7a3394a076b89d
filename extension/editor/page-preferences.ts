import * as vscode from "vscode";
import type { Memory } from "./remembered.ts";

const KEY = "edgewise.pagePreferences";

export interface PreferencesChange {
  readonly preferences: unknown;
  /** Whoever made it, and so need not be told. */
  readonly by: object;
}

/** How a user likes the page, whichever model it shows: kept for the page, which alone knows what is in it. */
export class PagePreferences {
  readonly #memory: Memory;
  readonly #changes = new vscode.EventEmitter<PreferencesChange>();

  readonly onDidChange = this.#changes.event;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  get(): unknown {
    return this.#memory.get(KEY);
  }

  async set(preferences: unknown, by: object): Promise<void> {
    await this.#memory.update(KEY, preferences);
    this.#changes.fire({ preferences, by });
  }
}
