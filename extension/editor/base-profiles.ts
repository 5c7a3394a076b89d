import type { BaseProfile } from "../../webview/protocol/editing.ts";
import type { Engines } from "../worker/engines.ts";
import type { ModelRequest } from "../worker/protocol.ts";

/** What a model costs without its edits: the last one is kept, since every edit is held against it. */
export class BaseProfiles {
  #last: { readonly key: string; readonly profile: Promise<BaseProfile> } | undefined;

  constructor(private readonly engines: Engines) {}

  /** @param edited the model with its edits */
  of(edited: ModelRequest): Promise<BaseProfile> {
    const request = { ...edited, edits: [], isPrediction: false };
    const key = JSON.stringify(request);
    if (this.#last?.key !== key) {
      const reply = this.engines.profile(request, new AbortController().signal);
      this.#last = { key, profile: reply.then(({ profile: { structure: _structure, ...rest } }) => rest) };
      this.#last.profile.catch(() => (this.#last = undefined));
    }
    return this.#last.profile;
  }
}
