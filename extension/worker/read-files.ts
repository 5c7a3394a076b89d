import type { OpenModel } from "./model-store.ts";
import type { ModelLocation } from "./protocol.ts";

/** The last of the files that were read, open, until somebody takes them. */
export class ReadFiles {
  readonly #files: { readonly location: ModelLocation; readonly opened: OpenModel }[] = [];

  /** @param most files of which more are not kept open */
  constructor(private readonly most = 3) {}

  keep(location: ModelLocation, opened: OpenModel): void {
    this.#files.push({ location, opened });
    if (this.#files.length > this.most)
      void this.#files
        .shift()
        ?.opened.source.close()
        .catch(() => undefined);
  }

  holds(location: ModelLocation): boolean {
    const key = JSON.stringify(location);
    return this.#files.some((file) => JSON.stringify(file.location) === key);
  }

  handOver(to: Pick<ReadFiles, "keep">): void {
    for (const { location, opened } of this.#files.splice(0)) to.keep(location, opened);
  }
}
