import { availableParallelism } from "node:os";
import {
  ProcessEnded,
  RuntimeProcess,
  type RuntimeAnswer,
  type RuntimeName,
  type RuntimeRequest,
  type TargetFor,
} from "./runtime-process.ts";
import { runtimeLimits } from "./limits.ts";
import type { ElementArray } from "./exchange-file.js";

/** LiteRT.js runs on one thread, so two models that are compared are run side by side; ONNX Runtime shares an operator among all. */
const MOST_PROCESSES: Readonly<Record<RuntimeName, number>> = {
  "ONNX Runtime": 1,
  "LiteRT.js": Math.min(2, availableParallelism()),
};

/** Memory of a WASM module never shrinks, and a native library fragments what it has: a process is not used for ever. */
const MOST_LOADED = 64;

/** A process without models ends when it was not needed for so long. */
const IDLE_MILLISECONDS = 30_000;

interface Place {
  readonly process: RuntimeProcess;
  /** Models that are open in it, or about to be. */
  open: number;
  /** Models that were opened in it so far. */
  loaded: number;
  idle?: NodeJS.Timeout;
}

const places = new Map<RuntimeName, Place[]>();

/** What a process is asked to load a model: made anew for each process that it comes to be loaded in. */
export interface Loading {
  /** Plain data. */
  readonly value: object;
  readonly arrays?: readonly ElementArray[];
}

interface Loaded {
  readonly place: Place;
  readonly handle: Promise<number>;
}

/** Starts a runtime while something else is done: its process takes as long to load as a model to read. */
export function startRuntime(runtime: RuntimeName): void {
  if (livingPlaces(runtime).length > 0) return;
  rest(added(runtime));
}

let keys = 0;

/** A process of ONNX Runtime that the parts of a network are loaded in, and that keeps arrays between their runs. */
export class SharedProcess {
  readonly place = placeFor("ONNX Runtime");
  readonly #kept = new Set<string>();

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

  /** What it keeps is dropped. */
  close(): void {
    this.drop(this.#kept);
    this.place.open -= 1;
    rest(this.place);
  }
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

function placeFor(runtime: RuntimeName): Place {
  // Whoever was started under another limit of memory runs what it has, and nothing new.
  const living = livingPlaces(runtime).filter(({ process }) => process.memoryBytes === runtimeLimits().memoryBytes);
  const [least] = living.toSorted((a, b) => a.open - b.open);
  const place = least && (least.open === 0 || living.length >= MOST_PROCESSES[runtime]) ? least : added(runtime);
  clearTimeout(place.idle);
  return place;
}

function livingPlaces(runtime: RuntimeName): Place[] {
  const living = (places.get(runtime) ?? []).filter(({ process }) => !process.isEnded);
  places.set(runtime, living);
  return living;
}

function ownPlace(runtime: RuntimeName): Place {
  return { process: new RuntimeProcess(runtime), open: 0, loaded: 0 };
}

function added(runtime: RuntimeName): Place {
  const place = ownPlace(runtime);
  livingPlaces(runtime).push(place);
  return place;
}

function rest(place: Place): void {
  if (place.open > 0) return;
  if (place.loaded >= MOST_LOADED) place.process.end();
  else place.idle = setTimeout(() => place.process.end(), IDLE_MILLISECONDS).unref();
}
