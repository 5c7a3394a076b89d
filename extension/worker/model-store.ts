import {
  DEFAULT_HARDWARE,
  EdgewiseError,
  readModel,
  type AnalysedModel,
  type ByteSource,
  type ExternalDataFiles,
} from "../../profiler/index.ts";
import {
  EditSession,
  type EarlierEdits,
  hashOf,
  holdingOut,
  inputPorts,
  isTraining,
  type CalibrationSpec,
  type LearnedWeights,
  type Model,
  type Step,
  type TrainingContext,
  type TrainingPoint,
  withEntry,
} from "../../profiler/editing/index.ts";
import { learnedKey, LearnedStore } from "./learned-store.ts";
import { PrefixCache } from "./prefix-cache.ts";
import { NEEDS_NUMBERS, type ModelLocation, type ModelRequest, type PlannedEdit } from "./protocol.ts";

/** A model that is being worked with: its graph in memory, its weights in the file, which stays open. */
export interface OpenModel {
  readonly model: Model;
  readonly source: ByteSource;
}

export type Open = (
  location: ModelLocation,
) => Promise<{ readonly source: ByteSource; readonly externalData: ExternalDataFiles }>;

/** What computing edits may take note of. */
export interface Computing {
  readonly signal?: AbortSignal;
  /** @param done share of what is computed for this question, 0 to 1: edits that are there already take no part */
  readonly onProgress?: (done: number, what: string) => void;
  /** Errors of a training so far. */
  readonly onTraining?: (points: readonly TrainingPoint[]) => void;
}

/** The sizes of an edited model follow from the numbers of its weights, and a prediction has none. */
class NeedsNumbersError extends EdgewiseError {
  readonly code = NEEDS_NUMBERS;
}

/** A version of a file, and what lists of edits make of it. */
interface KeptFile {
  readonly opened: Promise<OpenModel>;
  readonly computed: PrefixCache<Model>;
  readonly predicted: PrefixCache<Model>;
}

/** The file, the copy that edits start from, and the version that another program put in its place: each is asked for while others are. */
export const MOST_FILES = 3;

/**
 * The models that a thread works with. They are kept between questions, those not used for longest go first; after the thread was ended,
 * which idle ones are, they are read and computed again.
 */
export class ModelStore {
  readonly #open: Open;
  readonly #learned: LearnedStore;
  #stopping: AbortController | undefined;
  /** By location, the last used at the end. */
  readonly #files = new Map<string, KeptFile>();
  #session: { readonly bindings: string; readonly session: EditSession } | undefined;

  constructor(open: Open, learned: LearnedStore = new LearnedStore(undefined)) {
    this.#open = open;
    this.#learned = learned;
  }

  /** Ends the training that is under way, which keeps the best that it found. */
  stopTraining(): void {
    this.#stopping?.abort();
  }

  /** What each edit learned, with the hash of it; null for those that learned nothing, or of which it is gone. */
  async learned({ location, edits: asked }: ModelRequest): Promise<readonly (LearnedWeights | null)[]> {
    const base = await this.base(location);
    const { fileBytes } = base;
    const edits = asked.map((planned) => ofEntry(planned, base));
    return Promise.all(
      edits.map(async (_, index) => {
        const bytes = await this.#learned.read(learnedKey(fileBytes, edits.slice(0, index + 1)));
        return bytes ? { hash: hashOf(bytes), bytes } : null;
      }),
    );
  }

  /** Keeps what edits of an imported list learned elsewhere. */
  async keepLearned(learned: ReadonlyMap<string, Uint8Array>): Promise<void> {
    for (const [hash, bytes] of learned) await this.#learned.write(hash, bytes);
  }

  /** Hands over a model that has just been read, with its open file. */
  keep(location: ModelLocation, opened: OpenModel): void {
    this.#keep(JSON.stringify(location), Promise.resolve(opened));
  }

  holds(location: ModelLocation): boolean {
    return this.#files.has(JSON.stringify(location));
  }

  /**
   * @throws {EdgewiseError} when the file cannot be read, or an edit does not fit
   * @throws {NeedsNumbersError} when a prediction is asked for that there is none of
   */
  async model(request: ModelRequest, computing: Computing = {}): Promise<Model> {
    const { location, entry, isPrediction, bindings } = request;
    const { opened, computed, predicted } = this.#file(location);
    const base = (await opened).model;
    if (request.edits.length === 0) return withEntry(base, entry);
    const edits = request.edits.map((planned) => ofEntry(planned, base));
    const session = await this.session(request);
    const held = holdingOut(edits);
    const keys = held.map((planned) => JSON.stringify([bindings, planned]));
    const earlier = (index: number): EarlierEdits => ({ base, edits: edits.slice(0, index).map(({ edit }) => edit) });
    if (isPrediction) {
      const followed = predicted.follow(keys, base, (before, index) =>
        predict(session, before, edits[index], earlier(index)),
      );
      return withEntry(await followed, entry);
    }
    let first: number | undefined;
    const edited = await computed.follow(keys, base, async (before, index) => {
      const { onProgress } = computing;
      // Those before it are computed already: what is waited for starts with this one.
      const start = (first ??= index);
      const share = (done: number, what: string): void =>
        onProgress?.((index - start + done) / (edits.length - start), what);
      const planned = held[index];
      if (planned && isTraining(planned.edit))
        return this.#train(session, before, edits.slice(0, index + 1), { ...computing, onProgress: share });
      const rest = { ...computing, onProgress: share, earlier: earlier(index) };
      return (await compute(session, before, planned, rest)).after;
    });
    return withEntry(edited, entry);
  }

  /** The last of these edits learns, or takes what it learned before. */
  async #train(
    session: EditSession,
    before: Model,
    edits: readonly PlannedEdit[],
    computing: Computing,
  ): Promise<Model> {
    const planned = edits.at(-1);
    const key = learnedKey(session.base.fileBytes, edits);
    const stopping = (this.#stopping = new AbortController());
    const points: TrainingPoint[] = [];
    const { learned, after } = await compute(session, before, planned, computing, {
      learned: async (hash) => (await this.#learned.read(key)) ?? this.#learned.read(hash),
      stop: stopping.signal,
      onPoint: (point) => {
        points.push(point);
        computing.onTraining?.(points);
      },
    });
    if (learned) await this.#learned.write(key, learned.bytes);
    return after;
  }

  /** A model with every dynamic dimension bound. */
  async analysed(request: ModelRequest, computing: Computing = {}): Promise<AnalysedModel> {
    const model = await this.model(request, computing);
    return (await this.session(request)).analysed(model);
  }

  /** The session that edits a file's entry at the sizes of a request; the last one asked for is kept. */
  async session({
    location,
    entry,
    bindings,
  }: Pick<ModelRequest, "location" | "entry" | "bindings">): Promise<EditSession> {
    const base = await this.base(location, entry);
    const key = JSON.stringify(bindings);
    if (this.#session?.session.base !== base || this.#session.bindings !== key) {
      await this.#session?.session.close();
      this.#session = { bindings: key, session: new EditSession(base, { bindings, hardware: DEFAULT_HARDWARE }) };
    }
    return this.#session.session;
  }

  /** The file without edits. */
  async base(location: ModelLocation, entry?: string): Promise<Model> {
    const { model } = await this.#file(location).opened;
    return withEntry(model, entry);
  }

  /** Samples as they are made for a file: what edits of its resolution leave gets them stretched. */
  async samplesFor(
    { location, entry }: Pick<ModelRequest, "location" | "entry">,
    calibration: CalibrationSpec,
  ): Promise<CalibrationSpec> {
    return { madeFor: inputPorts(await this.base(location, entry)), ...calibration };
  }

  #file(location: ModelLocation): KeptFile {
    const key = JSON.stringify(location);
    const known = this.#files.get(key);
    if (known === undefined) return this.#keep(key, this.#read(location));
    this.#files.delete(key);
    this.#files.set(key, known);
    return known;
  }

  async #read(location: ModelLocation): Promise<OpenModel> {
    const { source, externalData } = await this.#open(location);
    const { model: part } = location;
    const options = { allowsMissingData: true, takesFirst: true, ...(part !== undefined && { part }) };
    try {
      return { source, model: await readModel(source, externalData, options) };
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  #keep(key: string, opened: Promise<OpenModel>): KeptFile {
    this.#close(key);
    const file: KeptFile = { opened, computed: new PrefixCache(), predicted: new PrefixCache() };
    this.#files.set(key, file);
    // One that could not be read is not kept: the next question tries again.
    opened.catch(() => {
      if (this.#files.get(key) === file) this.#files.delete(key);
    });
    const [oldest] = this.#files.keys();
    if (this.#files.size > MOST_FILES && oldest !== undefined) this.#close(oldest);
    return file;
  }

  #close(key: string): void {
    const file = this.#files.get(key);
    this.#files.delete(key);
    void file?.opened.then(({ source }) => source.close()).catch(() => undefined);
  }
}

/** An edit says of which entry it is, where there are several: what those before it made may look at another one. */
function ofEntry({ edit, ...planned }: PlannedEdit, { entries: [first, ...others] }: Model): PlannedEdit {
  return { ...planned, edit: others.length === 0 || edit.entry !== undefined ? edit : { ...edit, entry: first.name } };
}

/** Computes one edit with the samples that it is planned with. */
export function compute(
  session: EditSession,
  model: Model,
  planned: PlannedEdit | undefined,
  { signal, onProgress, earlier }: Computing & { readonly earlier?: EarlierEdits },
  training: Omit<TrainingContext, "teacher" | "calibration"> = {},
): Promise<Step> {
  if (planned === undefined) throw new RangeError("there is no such edit");
  const { edit, calibration } = planned;
  // What was learned is asked for by the edit's own name even before there is a hash of it.
  const asked = isTraining(edit) && edit.learned === undefined ? { ...edit, learned: UNKNOWN_HASH } : edit;
  const samples = calibration ? session.samples(calibration) : undefined;
  return session.apply(asked, model, {
    calibration,
    training: { teacher: session.base, calibration: samples, ...training },
    ...(earlier && { earlier }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
}

/** Of nothing: no bytes have it. */
const UNKNOWN_HASH = "0".repeat(32);

async function predict(
  session: EditSession,
  model: Model,
  planned: PlannedEdit | undefined,
  earlier: EarlierEdits,
): Promise<Model> {
  if (planned === undefined) throw new RangeError("there is no such edit");
  const prediction = await session.predict(planned.edit, model, earlier);
  if (prediction) return prediction.model;
  throw new NeedsNumbersError("what this edit leaves of the model depends on the numbers of its weights");
}
