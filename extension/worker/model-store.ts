import {
  analyseModel,
  EdgewiseError,
  readModel,
  type AnalysedModel,
  type ByteSource,
  type SiblingFiles,
} from "../../profiler/index.ts";
import { activationsOn, applyEdit, predictEdit, type Model, type Step } from "../../profiler/restructure/index.ts";
import { PrefixCache } from "./prefix-cache.ts";
import { NEEDS_NUMBERS, type ModelLocation, type ModelRequest, type PlannedEdit } from "./protocol.ts";

/** A model that is being worked with: its graph in memory, its weights in the file, which stays open. */
export interface OpenModel {
  readonly model: Model;
  readonly source: ByteSource;
}

export type Open = (
  location: ModelLocation,
) => Promise<{ readonly source: ByteSource; readonly siblings: SiblingFiles }>;

/** What computing edits may take note of. */
export interface Computing {
  readonly signal?: AbortSignal;
  /** @param done share of the list, 0 to 1 */
  readonly onProgress?: (done: number, what: string) => void;
}

/** The sizes of an edited model follow from the numbers of its weights, and a prediction has none. */
class NeedsNumbersError extends EdgewiseError {
  readonly code = NEEDS_NUMBERS;
}

/**
 * The models that a thread works with: one file, and what lists of edits make of it. They are kept between questions; after the thread
 * was ended, which idle ones are, they are read and computed again.
 */
export class ModelStore {
  readonly #open: Open;
  readonly #computed = new PrefixCache<Model>();
  readonly #predicted = new PrefixCache<Model>();
  #key = "";
  #base: Promise<OpenModel> | undefined;
  #analysed: { readonly model: Model; readonly bindings: string; readonly analysed: AnalysedModel } | undefined;

  constructor(open: Open) {
    this.#open = open;
  }

  /** Hands over a model that has just been read, with its open file. */
  keep(location: ModelLocation, opened: OpenModel): void {
    this.#replace(location, Promise.resolve(opened));
  }

  holds(location: ModelLocation): boolean {
    return this.#base !== undefined && this.#key === JSON.stringify(location);
  }

  /**
   * @throws {EdgewiseError} when the file cannot be read, or an edit does not fit
   * @throws {NeedsNumbersError} when a prediction is asked for that there is none of
   */
  async model({ location, edits, isPrediction }: ModelRequest, computing: Computing = {}): Promise<Model> {
    const base = await this.base(location);
    const keys = edits.map((planned) => JSON.stringify(planned));
    if (isPrediction) return this.#predicted.follow(keys, base, (before, index) => predicted(before, edits[index]));
    return this.#computed.follow(keys, base, async (before, index) => {
      const { onProgress } = computing;
      const share = (done: number, what: string): void => onProgress?.((index + done) / edits.length, what);
      return (await compute(before, edits[index], { ...computing, onProgress: share })).after;
    });
  }

  /** A model with every dynamic dimension bound; the last one asked for is kept. */
  async analysed(request: ModelRequest, computing: Computing = {}): Promise<AnalysedModel> {
    const model = await this.model(request, computing);
    const bindings = JSON.stringify(request.bindings);
    if (this.#analysed?.model !== model || this.#analysed.bindings !== bindings)
      this.#analysed = { model, bindings, analysed: analyseModel(model, request.bindings) };
    return this.#analysed.analysed;
  }

  /** The file without edits. */
  async base(location: ModelLocation): Promise<Model> {
    if (!this.holds(location)) this.#replace(location, this.#read(location));
    const { model } = await (this.#base ?? this.#read(location));
    return model;
  }

  async #read(location: ModelLocation): Promise<OpenModel> {
    const { source, siblings } = await this.#open(location);
    try {
      return { source, model: await readModel(source, siblings) };
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  #replace(location: ModelLocation, model: Promise<OpenModel>): void {
    const old = this.#base;
    [this.#key, this.#base] = [JSON.stringify(location), model];
    this.#computed.clear();
    this.#predicted.clear();
    // One that could not be read is not kept: the next question tries again.
    model.catch(() => {
      if (this.#base === model) this.#base = undefined;
    });
    void old?.then(({ source }) => source.close()).catch(() => undefined);
  }
}

/** Computes one edit with the samples that it is planned with. */
export function compute(
  model: Model,
  planned: PlannedEdit | undefined,
  { signal, onProgress }: Computing,
): Promise<Step> {
  if (planned === undefined) throw new RangeError("there is no such edit");
  const { edit, calibration } = planned;
  return applyEdit(model, edit, {
    ...(calibration && { activationsOf: (before: Model) => activationsOn(before, calibration) }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
}

async function predicted(model: Model, planned: PlannedEdit | undefined): Promise<Model> {
  if (planned === undefined) throw new RangeError("there is no such edit");
  const after = await predictEdit(model, planned.edit);
  if (after) return after;
  throw new NeedsNumbersError("what this edit leaves of the model depends on the numbers of its weights");
}
