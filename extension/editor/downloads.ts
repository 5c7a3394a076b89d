import type { DownloadReport } from "../../profiler/index.ts";
import type { PackedProfile } from "../../webview/protocol/packed-profile.ts";
import type { ModelDocument } from "./model-document.ts";

/** What versions of a model take as they are downloaded: computed when a page asks, and kept with the profile that it is of. */
export class Downloads {
  readonly #document: ModelDocument;
  readonly #known = new WeakMap<PackedProfile, DownloadReport>();

  constructor(document: ModelDocument) {
    this.#document = document;
  }

  /** Of the profile that is shown; null while it is not known. */
  get known(): DownloadReport | null {
    const { profile } = this.#document.session;
    return (profile && this.#known.get(profile)) ?? null;
  }

  /** @throws {RpcError} "stale" when the revision is not the shown one, and what reading the weights throws */
  async compute(revision: number, signal: AbortSignal): Promise<DownloadReport> {
    const { session, engines } = this.#document;
    const request = session.requestOf(revision);
    const { profile } = session;
    const report = this.known ?? (await engines.download(request, signal));
    if (profile) this.#known.set(profile, report);
    return report;
  }
}
