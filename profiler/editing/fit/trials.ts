import { downloadBytesOf } from "../../formats/download.ts";
import type { HardwareProfile } from "../../hardware/hardware.ts";
import type { Model } from "../../model/model.ts";
import { analyseModel, totalsOf as totalsOfAnalysed, type AnalysedModel } from "../../profile-model.ts";
import type { Totals } from "../../profile.ts";
import { activationsOn } from "../../runtime/activation-source.ts";
import { previewSamples } from "../../calibration/preview-samples.ts";
import { isRandom, type CalibrationSpec, type SamplePart } from "../../calibration/spec.ts";
import { compareRuns, type RunComparison } from "../../runtime/compare-runs.ts";
import { atSizes } from "../../translation/fixed-sizes.ts";
import { inputPorts } from "../../runtime/model-ports.ts";
import type { ActivationSource } from "../../neutral/activations.ts";
import { CalibrationError } from "../../errors.ts";
import { heldOutEvery } from "../../calibration/held-out.ts";
import { FEWEST_SAMPLES } from "../../training/recover.ts";
import { applyEdit } from "../apply.ts";
import type { TrainingContext } from "../train-edit.ts";
import type { Edit } from "../edit.ts";
import { leastProportion } from "../../numeric/proportion-bound.ts";
import { RISK } from "./goal.ts";
import type { Difference } from "../../runtime/difference.ts";
import { inOrder, type FitError, type FitSamples, type Verdict } from "./fit-point.ts";
import { roundingOf } from "../rounding.ts";
import type { Session } from "../../runtime/session.ts";
import { SessionPool, type OpenSession } from "../../runtime/session-pool.ts";

export interface TrialOptions {
  readonly calibration: CalibrationSpec;
  /** Samples to measure on; a part of the others when left out. */
  readonly measuring?: CalibrationSpec;
  readonly bindings?: Readonly<Record<string, number>>;
  readonly hardware: HardwareProfile;
  /** Some samples are kept back, for a verdict on what was chosen by the others. */
  readonly judges?: boolean;
  /** What is found is trained: nothing is fitted to the samples that training is judged by. See `Recoveries`. */
  readonly recovery?: RecoverySteps;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

export interface RecoverySteps {
  /** Of each training at the end; those of the edit `recover` when left out. */
  readonly steps?: number;
  /** Of a training after each step of the search, as NetAdapt has it (Yang et al., ECCV 2018); none when left out. */
  readonly between?: number;
}

/** What one training came to. */
interface Trained {
  readonly model: Model;
  /** With the hash of what it learned. */
  readonly edit: Edit;
}

/** How long something may run. */
interface Until {
  readonly signal?: AbortSignal;
}

/** Multiply-accumulates of the original model that one pass of a trial may take: some seconds of a laptop. */
const TRIAL_MACS = 5e10;
/** Fewer samples tell nothing, however long they take; more are not needed to tell which edit errs less. */
const LEAST_SAMPLES = 16;
const MOST_SAMPLES = 64;
/** One sample of so many is measured on, and the others are fitted to. */
const PART_MEASURED = 4;

const ALL: SamplePart = { of: 1, from: 0, to: 1 };

/** A set of samples in full, and the share of it that is enough for a trial. */
interface Sampling {
  readonly all: CalibrationSpec;
  readonly trial: CalibrationSpec;
}

/** Which samples are for what. */
interface Plan {
  /** undefined: weights alone are looked at, since random samples would fit them to noise. */
  readonly fitting: Sampling | undefined;
  readonly measuring: Sampling;
  readonly judging: CalibrationSpec | undefined;
  readonly samples: FitSamples;
  readonly original: FitError;
}

/** Makes edited models and measures how far they are from the original: roughly to choose among many, and in full. To be closed. */
export class Trials {
  private constructor(
    private readonly original: Model,
    private readonly options: TrialOptions,
    private readonly plan: Plan,
    private readonly pool: SessionPool,
    /** The model that others are held against: it stays ready, and answers each batch once. */
    private readonly ready: Session,
  ) {
    this.open = pool.at(options.bindings);
  }

  private readonly open: OpenSession;

  readonly #learned = new Map<string, Uint8Array>();
  /** What is known of a model is let go with it. */
  readonly #analysed = new WeakMap<Model, AnalysedModel>();
  readonly #activations: Readonly<Record<keyof Sampling, WeakMap<Model, ActivationSource>>> = {
    all: new WeakMap(),
    trial: new WeakMap(),
  };

  /**
   * @throws {CalibrationError} when the samples do not fit the model
   * @throws {RunError} when the model does not run
   */
  static async on(model: Model, options: TrialOptions): Promise<Trials> {
    const pool = new SessionPool();
    try {
      const open = pool.at(options.bindings);
      const ready = await open(model, signalOf(options));
      return new Trials(model, options, await planFor(model, open, options), pool, ready);
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.ready.close();
    await this.pool.close();
  }

  get samples(): FitSamples {
    return this.plan.samples;
  }

  /** The original against itself: no error, and how right it is. */
  get originalError(): FitError {
    return this.plan.original;
  }

  /** Whether a trial looks at all samples already. */
  get areFull(): boolean {
    const { fitting, measuring } = this.plan;
    return (fitting === undefined || fitting.all === fitting.trial) && measuring.all === measuring.trial;
  }

  /** @param base that the model was edited from */
  totalsOf(model: Model, base?: Model): Totals {
    return totalsOfAnalysed(this.analysed(model, base), this.options.hardware);
  }

  /** @param base that the model was edited from */
  analysed(model: Model, base?: Model): AnalysedModel {
    const known = this.#analysed.get(model);
    if (known) return known;
    const analysed = analyseModel(model, this.options.bindings ?? {}, base && this.#analysed.get(base));
    this.#analysed.set(model, analysed);
    return analysed;
  }

  /** What trainings learned, by its hash. */
  get learned(): ReadonlyMap<string, Uint8Array> {
    return this.#learned;
  }

  /** An edit that learned something takes that again; where it is gone, as in a search that is gone on with, it is learned anew and kept. @throws what `applyEdit` does */
  async edited(model: Model, edit: Edit, extent: keyof Sampling): Promise<Model> {
    const { bindings, seed } = this.options;
    const { after, learned } = await applyEdit(model, edit, {
      ...(this.options.recovery && { training: this.#training() }),
      ...(this.plan.fitting && { activationsOf: (one: Model) => this.#activationsOn(one, extent) }),
      ...(bindings && { bindings }),
      ...(seed !== undefined && { seed }),
      ...signalOf(this.options),
    });
    if (learned) this.#learned.set(learned.hash, learned.bytes);
    return after;
  }

  /** The same object for the same model: edits keep what they learn of it with it. */
  #activationsOn(model: Model, extent: keyof Sampling): ActivationSource | undefined {
    const spec = this.plan.fitting?.[extent];
    const known =
      this.#activations[extent].get(model) ?? (spec && activationsOn(model, spec, this.open, this.options.signal));
    if (known) this.#activations[extent].set(model, known);
    return known;
  }

  /**
   * Trains a model to answer as the original does. The signal of the search ends training early, and what is best by then is kept.
   * @throws {TrainingError} where training does not better it, or nothing in it can be trained
   * @throws the signal's reason when it aborts before training began
   */
  async recovered(model: Model, edit: Edit, onProgress: (done: number, what: string) => void): Promise<Trained> {
    const { bindings, seed, signal } = this.options;
    const step = await applyEdit(model, edit, {
      training: { ...this.#training(), ...(signal && { stop: signal }) },
      ...(bindings && { bindings }),
      ...(seed !== undefined && { seed }),
      onProgress,
    });
    if (!step.learned) throw new RangeError(`${edit.restructuring} does not train`);
    const { hash, bytes } = step.learned;
    this.#learned.set(hash, bytes);
    return { model: step.after, edit: step.edit };
  }

  #training(): TrainingContext {
    return {
      teacher: this.original,
      calibration: { madeFor: inputPorts(atSizes(this.original, this.options.bindings)), ...this.options.calibration },
      learned: (hash) => Promise.resolve(this.#learned.get(hash)),
    };
  }

  /** Whether what training is judged by is not what errors are measured on. */
  get isMeasuredApart(): boolean {
    return this.options.measuring !== undefined;
  }

  /** @throws {RunError} when the model does not run */
  async measured(model: Model, extent: keyof Sampling, until: Until = signalOf(this.options)): Promise<FitError> {
    const calibration = this.plan.measuring[extent];
    const { open } = this;
    return errorOf(await compareRuns(this.original, model, { calibration, open, ...until }));
  }

  /** Bytes of its file as they are downloaded. */
  downloadOf(model: Model, until: Until = signalOf(this.options)): Promise<number> {
    return downloadBytesOf(model, until);
  }

  /** How right the model is on the samples that are kept back; null where there are none, or without labels. */
  async judged(model: Model, until: Until = signalOf(this.options)): Promise<Verdict | null> {
    const { judging } = this.plan;
    if (!judging) return null;
    const { open } = this;
    const { outputs } = await compareRuns(this.original, model, { calibration: judging, open, ...until });
    const top1 = outputs.flatMap(({ difference }) => difference?.top1 ?? [])[0];
    if (top1?.accuracy === undefined) return null;
    const right = Math.round(top1.accuracy.b * top1.samples);
    return { right, samples: top1.samples, least: leastProportion(right, top1.samples, RISK) };
  }

  /** What rounding alone may change of a model's answers. */
  rounding(model: Model): Promise<number> {
    return roundingOf(model, undefined, {
      calibration: this.plan.measuring.trial,
      open: this.open,
      ...signalOf(this.options),
    });
  }
}

async function planFor(model: Model, open: OpenSession, options: TrialOptions): Promise<Plan> {
  const madeFor = inputPorts(atSizes(model, options.bindings));
  const calibration: CalibrationSpec = { madeFor, ...options.calibration };
  const measuring: CalibrationSpec | undefined = options.measuring && { madeFor, ...options.measuring };
  const { count, description } = await previewSamples(madeFor, calibration, 0);
  const { macs } = totalsOf(model, options);
  const isSynthetic = isRandom(calibration);
  if (options.recovery) requireSamplesToTrain(count, description, { ...options, isSynthetic });
  const isApart = isSynthetic || measuring !== undefined;
  const held = options.recovery ? heldOut(count) : undefined;
  const parts = isApart
    ? {
        fitting: held?.fitting ?? ALL,
        ...(options.judges === true ? JUDGED_APART : { measuring: ALL, judging: undefined }),
      }
    : (held ?? sharedOut(count, options.judges === true));
  const fitting = isSynthetic ? undefined : sampling(calibration, parts.fitting, count, macs);
  const measured = await (measuring ? previewSamples(madeFor, measuring, 0) : undefined);
  const measures = sampling(measuring ?? calibration, parts.measuring, measured?.count ?? count, macs);
  const judging = parts.judging && { ...(measuring ?? calibration), part: parts.judging };
  const itself = await compareRuns(model, model, { calibration: measures.all, open, ...signalOf(options) });
  const samples: FitSamples = {
    fitted: fitting ? countOf(count, parts.fitting) : 0,
    measured: itself.samples.count,
    judged: parts.judging ? countOf(measured?.count ?? count, parts.judging) : 0,
    description: measured === undefined ? description : `${description}, measured on ${measured.description}`,
    isRandom: isSynthetic && measuring === undefined,
    hasLabels: itself.samples.hasLabels,
  };
  return { fitting, measuring: measures, judging, samples, original: errorOf(itself) };
}

function totalsOf(model: Model, { bindings = {}, hardware }: TrialOptions): Totals {
  return totalsOfAnalysed(analyseModel(model, bindings), hardware);
}

interface Parts {
  readonly fitting: SamplePart;
  readonly measuring: SamplePart;
  readonly judging: SamplePart | undefined;
}

/** A model that is chosen by its answers is better on those than on others: the verdict comes of samples that nothing was chosen by. */
const JUDGED: Parts = {
  fitting: { of: 8, from: 0, to: 4 },
  measuring: { of: 8, from: 4, to: 5 },
  judging: { of: 8, from: 5, to: 8 },
};

/** Of samples that nothing is fitted to: the more judge, the more can be guaranteed. */
const JUDGED_APART = { measuring: { of: 4, from: 0, to: 1 }, judging: { of: 4, from: 1, to: 4 } };

/** What is fitted to must not be measured on: a layer with as many weights as there are samples fits them without any error. */
function sharedOut(count: number, judges: boolean): Parts {
  if (count < 2) return { fitting: ALL, measuring: ALL, judging: undefined };
  if (judges && count >= JUDGED.fitting.of) return JUDGED;
  const of = Math.min(PART_MEASURED, count);
  return { fitting: { of, from: 0, to: of - 1 }, measuring: { of, from: of - 1, to: of }, judging: undefined };
}

/** As `holdingOut` has it for a list of edits that trains: with what was learned, the list makes the same model again. */
function heldOut(count: number): Parts {
  const of = heldOutEvery(count);
  return { fitting: { of, from: 0, to: of - 1 }, measuring: { of, from: of - 1, to: of }, judging: undefined };
}

/** @throws {CalibrationError} */
function requireSamplesToTrain(
  count: number,
  description: string,
  { isSynthetic, judges, measuring }: Pick<TrialOptions, "judges" | "measuring"> & { readonly isSynthetic: boolean },
): void {
  if (isSynthetic)
    throw new CalibrationError("recovery trains on samples of your own, and there are none", {
      hint: "Give them with --data.",
    });
  if (count < FEWEST_SAMPLES)
    throw new CalibrationError(`${description}: expected at least ${FEWEST_SAMPLES} samples to train on, not ${count}`);
  if (judges === true && measuring === undefined)
    throw new CalibrationError("recovery trains on the samples, and an accuracy must be judged on others", {
      hint: "Give others with --test-data and their labels with --test-labels.",
    });
}

function sampling(spec: CalibrationSpec, part: SamplePart, count: number, macs: number): Sampling {
  const all = { ...spec, part };
  const affordable = Math.min(MOST_SAMPLES, Math.max(LEAST_SAMPLES, TRIAL_MACS / Math.max(1, macs)));
  const step = Math.floor(countOf(count, part) / affordable);
  return { all, trial: step < 2 ? all : { ...spec, part: { ...part, of: part.of * step } } };
}

/** Samples of a part; those of its last, incomplete row too. */
function countOf(count: number, { of, from, to }: SamplePart): number {
  const rest = Math.min(Math.max((count % of) - from, 0), to - from);
  return Math.floor(count / of) * (to - from) + rest;
}

function errorOf({ outputs }: RunComparison): FitError {
  const differences = outputs.flatMap(({ difference }) => difference ?? []);
  const isComplete = differences.length === outputs.length && outputs.length > 0;
  const noise = differences.map(noiseOf);
  const top1 = differences.find((difference) => difference.top1 !== undefined)?.top1;
  return {
    error: isComplete ? asFinite(noise.reduce((sum, each) => sum + each, 0) / noise.length) : null,
    maxRelative: isComplete ? asFinite(Math.max(...differences.map(({ maxRelative }) => inOrder(maxRelative)))) : null,
    agreement: top1?.agreement ?? null,
    accuracy: top1?.accuracy?.b ?? null,
    expectedAccuracy: top1?.accuracy ? Math.min(top1.accuracy.a, top1.expectedAccuracy ?? 0) : null,
  };
}

/** Power of a difference as part of the output's own. */
function noiseOf({ snr, rms }: Difference): number {
  return rms === 0 ? 0 : 10 ** (-(snr ?? -Infinity) / 10);
}

function asFinite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function signalOf({ signal }: TrialOptions): { readonly signal?: AbortSignal } {
  return signal ? { signal } : {};
}
