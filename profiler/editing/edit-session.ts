import type { CalibrationSpec } from "../calibration/spec.ts";
import { writeModel, type WriteOptions } from "../formats/formats.ts";
import type { HardwareProfile } from "../hardware/hardware.ts";
import { OptionError } from "../errors.ts";
import { withEntry } from "../model/choose-entry.ts";
import { entryRefusal } from "../model/entry-refusal.ts";
import type { Model } from "../model/model.ts";
import { partedWeights } from "../model/shared-weights.ts";
import { analyseModel, totalsOf, type AnalysedModel } from "../profile-model.ts";
import type { Totals } from "../profile.ts";
import { activationsOn } from "../runtime/activation-source.ts";
import { compareRuns, type CompareOptions, type RunComparison } from "../runtime/compare-runs.ts";
import { inputPorts } from "../runtime/model-ports.ts";
import { SessionPool, type OpenSession } from "../runtime/session-pool.ts";
import { atSizes } from "../translation/fixed-sizes.ts";
import { applyEdit, predictEdit, type EditContext, type Step } from "./apply.ts";
import { checkEdit } from "./check-edit.ts";
import type { CompressOptions } from "./compress/compress-options.ts";
import { compress } from "./compress/compress.ts";
import type { Edit } from "./edit.ts";
import { inAnyOrder, type EarlierEdits } from "./edit-order.ts";
import { fit, type FitOptions, type Fitted } from "./fit/fit.ts";
import { measureSuggestions, type Measuring } from "./measure-suggestions.ts";
import { sensitivity, type SensitivityOptions } from "./sensitivity/sensitivity.ts";
import type { Sensitivity } from "./sensitivity/sensitivity-points.ts";
import { suggest, type SuggestOptions } from "./suggest.ts";
import type { Suggestion } from "./suggestion.ts";

/** What editing a model goes by, wherever it is asked for: a command line, or an editor's document. */
export interface EditSettings {
  /** Sizes of dynamic dimensions by name; the others have their defaults where something must be counted. */
  readonly bindings?: Readonly<Record<string, number>>;
  readonly hardware: HardwareProfile;
  /** Samples that edits are checked on; seeded random ones when left out. */
  readonly calibration?: CalibrationSpec;
  /** Whether weights are fitted to them: random samples would fit them to noise. */
  readonly fitsToSamples?: boolean;
  readonly seed?: number;
}

/** How one edit is computed, beside the settings of its session. */
export interface ApplyOptions extends Pick<EditContext, "training" | "signal" | "onProgress" | "earlier"> {
  /** Samples that its weights are fitted to instead of the session's; null: none. */
  readonly calibration?: CalibrationSpec | null;
}

export interface SuggestionOptions extends Omit<SuggestOptions, "bindings" | "hardware" | "measure"> {
  /** Has suggestions ranked by errors that are measured on the session's samples, and is told once of how many: see `measureSuggestions`. */
  readonly onMeasured?: (measuring: Measuring) => void;
}

/** Of the progress, where errors are measured too. */
const FINDING_SHARE = 0.2;

/** What a search gets from the session. */
type SessionsOwn = "bindings" | "hardware" | "calibration" | "seed";

export interface Prediction {
  /** Its new weights have no numbers. */
  readonly model: Model;
  readonly totals: Totals;
}

/**
 * A model that is being edited. It was read once; the session knows what inference found of it and of what edits made of it, and keeps the
 * runtimes' sessions that were opened for it. Everything that edits, on the command line and in the editor, is done by its methods. To be
 * closed; the model's file is the caller's.
 */
export class EditSession {
  readonly #pool: SessionPool;
  /** What is known of a model is let go with it. */
  readonly #analysed: WeakMap<Model, AnalysedModel>;

  /**
   * @param base without edits
   * @param parent whose knowledge and runtimes it shares: see `with`
   */
  constructor(
    readonly base: Model,
    readonly settings: EditSettings,
    parent?: EditSession,
  ) {
    this.#pool = parent ? parent.#pool : new SessionPool();
    this.#analysed = parent ? parent.#analysed : new WeakMap<Model, AnalysedModel>();
  }

  /** The same session going by other settings, sizes apart. It is closed with this one. */
  with(settings: Partial<Omit<EditSettings, "bindings">>): EditSession {
    return new EditSession(this.base, { ...this.settings, ...settings }, this);
  }

  /** Shapes, operations and roles of the model with every dynamic dimension bound. @param base that it was edited from */
  analysed(model: Model = this.base, base?: Model): AnalysedModel {
    const known = this.#analysed.get(model);
    if (known) return known;
    const analysed = analyseModel(model, this.#bindings, base && this.#analysed.get(base));
    this.#analysed.set(model, analysed);
    return analysed;
  }

  /** @param base that the model was edited from */
  totalsOf(model: Model = this.base, base?: Model): Totals {
    return totalsOf(this.analysed(model, base), this.settings.hardware);
  }

  /** See `suggest`. @throws {OptionError} for an entry that is not edited, with the reason */
  suggest(
    { onMeasured, ...options }: SuggestionOptions = {},
    model: Model = this.base,
  ): Promise<readonly Suggestion[]> {
    const { hardware } = this.settings;
    const refusal = entryRefusal(model);
    if (refusal !== undefined) throw new OptionError(`${model.file}: ${refusal}`);
    const { signal, onProgress } = options;
    const share = onMeasured ? FINDING_SHARE : 1;
    const measure: SuggestOptions["measure"] = async (found, { macs }) => {
      const { errors, ...measuring } = await measureSuggestions(model, found, macs, {
        ...this.#own,
        ...(signal && { signal }),
        onProgress: (done) => onProgress?.(share + (1 - share) * done),
      });
      onMeasured?.(measuring);
      return errors;
    };
    return suggest(model, {
      ...options,
      ...(onProgress && { onProgress: (done) => onProgress(share * done) }),
      ...(onMeasured && { measure }),
      bindings: this.#bindings,
      hardware,
    });
  }

  /**
   * What an edit would make of a model, by sizes alone.
   * @param earlier what was done to the model before: see `inAnyOrder`
   * @returns undefined when they depend on the numbers of the weights
   * @throws {NotApplicableError}
   */
  async predict(edit: Edit, model: Model = this.base, earlier?: EarlierEdits): Promise<Prediction | undefined> {
    const own = this.#at(edit.entry);
    if (own !== this) return own.predict(edit, withEntry(model, edit.entry), earlier);
    const predict = (one: Model, another: Edit): Promise<Model | undefined> =>
      predictEdit(one, another, { bindings: this.#bindings });
    const made = await inAnyOrder(edit, earlier, predict, () => predict(model, edit));
    if (!made) return undefined;
    const after = "doneBy" in made ? model : made;
    this.analysed(model);
    return { model: after, totals: this.totalsOf(after, model) };
  }

  /**
   * Computes an edit of a model, its weights fitted to samples where there are some.
   * @throws {NotApplicableError} when it does not fit its target
   * @throws {OptionError} for an unknown restructuring or option
   */
  apply(edit: Edit, model: Model = this.base, options: ApplyOptions = {}): Promise<Step> {
    const session = this.#at(edit.entry);
    if (session !== this) return session.apply(edit, withEntry(model, edit.entry), options);
    const { calibration, ...computing } = options;
    const { seed, fitsToSamples = false } = this.settings;
    const own = fitsToSamples ? this.settings.calibration : undefined;
    const samples = calibration === undefined ? own : (calibration ?? undefined);
    return applyEdit(withEntry(model, this.#entry), edit, {
      ...computing,
      bindings: this.#bindings,
      ...(samples && {
        activationsOf: (one: Model) => activationsOn(one, this.samples(samples), this.#open, computing.signal),
      }),
      ...(seed !== undefined && { seed }),
    });
  }

  /**
   * Runs the model before and after an edit on the same samples.
   * @throws {InexactEditError} when an exact edit is off by more than rounding
   */
  check(
    step: Step,
    { calibration, signal }: { calibration?: CalibrationSpec; signal?: AbortSignal } = {},
  ): Promise<RunComparison> {
    const session = this.#at(step.before.entries[0].name);
    const options = { calibration: session.samples(calibration), open: this.#open };
    return checkEdit(step, { ...options, ...(signal && { signal }) });
  }

  /** See `fit`. */
  fit(options: Omit<FitOptions, SessionsOwn>, model: Model = this.base): Promise<Fitted> {
    return fit(model, { ...options, ...this.#own });
  }

  /** See `compress`. */
  compress(options: Omit<CompressOptions, SessionsOwn>, model: Model = this.base): Promise<Fitted> {
    return compress(model, { ...options, ...this.#own });
  }

  /** See `sensitivity`. */
  sensitivity(options: Omit<SensitivityOptions, SessionsOwn> = {}, model: Model = this.base): Promise<Sensitivity> {
    return sensitivity(model, { ...options, ...this.#own });
  }

  /** Runs two models on the same samples. */
  compare(a: Model, b: Model, options: Omit<CompareOptions, "open"> = {}): Promise<RunComparison> {
    return compareRuns(a, b, { calibration: this.samples(), ...options, open: this.#open });
  }

  /** Says first which weights of the file edits have parted, where entries shared them. */
  write(model: Model, path: string, options: WriteOptions = {}): Promise<void> {
    for (const note of partedWeights(this.base, model)) options.onNote?.(note);
    return writeModel(model, path, options);
  }

  /** Samples as they are made for the file: what edits of its resolution leave gets them stretched. */
  samples(calibration: CalibrationSpec = this.settings.calibration ?? {}): CalibrationSpec {
    return { madeFor: inputPorts(atSizes(this.base, this.settings.bindings)), ...calibration };
  }

  /** What runs is the model at the sizes that it is looked at with: those that the file fixes too. */
  get #open(): OpenSession {
    return this.#pool.at(this.settings.bindings);
  }

  /** Frees what runs models. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Of another entry, whose sizes have their defaults; closed with this one. */
  #at(entry: string | undefined): EditSession {
    const base = entry === undefined ? this.base : withEntry(this.base, entry);
    return base === this.base ? this : new EditSession(base, { ...this.settings, bindings: {} }, this);
  }

  get #entry(): string {
    return this.base.entries[0].name;
  }

  get #own(): Pick<FitOptions, SessionsOwn> {
    const { hardware, seed } = this.settings;
    const bindings = this.#bindings;
    return { calibration: this.samples(), bindings, hardware, ...(seed !== undefined && { seed }) };
  }

  get #bindings(): Readonly<Record<string, number>> {
    return this.settings.bindings ?? {};
  }
}
