import type { ByteStream } from "../../bytes/byte-segments.ts";
import type { ElementArray } from "./exchange-file.js";
import { ownPlace, placeFor, rest, type Place } from "./process-pool.ts";
import { ProcessEnded, type RuntimeAnswer, type RuntimeName, type TargetFor } from "./runtime-process.ts";
import type { SharedProcess } from "./shared-process.ts";

/** What a process is asked to load a model: made anew for each process that it comes to be loaded in. */
export interface Loading {
  /** Plain data. */
  readonly value: object;
  readonly arrays?: readonly (ElementArray | ByteStream)[];
}

interface Loaded {
  readonly place: Place;
  readonly handle: Promise<number>;
}

/** Where a model is loaded that is not to be wherever there is room. */
export interface ModelPlace {
  /** A process of its own, which nothing else is lost with. */
  readonly isAlone?: boolean | undefined;
  readonly shared?: SharedProcess | undefined;
}

/**
 * A model in a runtime's process. Where that process ends, for this model's sake or another's, it is loaded into the next when it is run
 * again.
 */
export class LoadedModel<Facts extends { readonly handle: number }> {
  #loaded: Loaded | undefined;
  #facts: Facts | undefined;
  /** Of requests that are under way. */
  readonly #enders = new Set<AbortController>();
  #isClosed = false;

  private constructor(
    private readonly runtime: RuntimeName,
    private readonly loading: () => Promise<Loading>,
    private readonly where: ModelPlace,
  ) {}

  /**
   * @throws {RuntimeFailure} when the runtime refuses it
   * @throws {ProcessEnded} when its process dies of it, by the time limit too
   * @throws the signal's reason when it aborts
   */
  static async load<Facts extends { readonly handle: number }>(
    runtime: RuntimeName,
    loading: () => Promise<Loading>,
    signal?: AbortSignal,
    where: ModelPlace = {},
  ): Promise<LoadedModel<Facts>> {
    const model = new LoadedModel<Facts>(runtime, loading, where);
    await model.#again(() => model.#load(signal).handle);
    return model;
  }

  /** What the runtime says of the model. */
  get facts(): Facts {
    if (this.#facts === undefined) throw new RangeError("a model was not loaded");
    return this.#facts;
  }

  /**
   * @param value with the model's handle added
   * @throws as `load`, and Error when it is closed meanwhile
   */
  async request(
    action: string,
    value: object,
    arrays: readonly ElementArray[],
    signal: AbortSignal | undefined,
    targetFor?: TargetFor,
  ): Promise<RuntimeAnswer> {
    signal?.throwIfAborted();
    const ender = new AbortController();
    const stop = (): void => ender.abort(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    this.#enders.add(ender);
    try {
      return await this.#again(async () => {
        const known = this.#loaded;
        const { place, handle } = known && !known.place.process.isEnded ? known : this.#load(ender.signal);
        return place.process.request({
          action,
          value: { ...value, handle: await handle },
          arrays,
          signal: ender.signal,
          targetFor,
        });
      });
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#enders.delete(ender);
    }
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const ender of this.#enders) ender.abort(new Error("it was closed"));
    const loaded = this.#loaded;
    this.#loaded = undefined;
    if (loaded === undefined) return;
    const { place, handle } = loaded;
    if (this.where.isAlone) {
      place.process.end();
      return;
    }
    // Of a process that has ended nothing is left to release.
    await handle
      .then((value) => place.process.request({ action: "release", value: { handle: value } }))
      .catch(() => undefined);
    place.open -= 1;
    rest(place);
  }

  async #again<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const isLost = error instanceof ProcessEnded && error.isForOthers;
        // What a shared process kept is lost with it.
        if (!isLost || this.#isClosed || this.where.shared) throw error;
      }
    }
  }

  #load(signal: AbortSignal | undefined): Loaded {
    const { isAlone, shared } = this.where;
    const place = shared?.place ?? (isAlone ? ownPlace(this.runtime) : placeFor(this.runtime));
    place.open += 1;
    place.loaded += 1;
    const loaded: Loaded = { place, handle: this.#opened(place, signal) };
    this.#loaded = loaded;
    // Left as it is for whoever waits for it; the next one loads it again.
    loaded.handle.catch(() => {
      if (this.#loaded === loaded) this.#loaded = undefined;
      place.open -= 1;
      if (isAlone) place.process.end();
      else rest(place);
    });
    return loaded;
  }

  async #opened({ process }: Place, signal: AbortSignal | undefined): Promise<number> {
    const { result } = await process.request({ action: "open", ...(await this.loading()), signal });
    this.#facts = result as Facts;
    return this.#facts.handle;
  }
}
