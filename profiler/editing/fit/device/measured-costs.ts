import {
  DeviceError,
  learnedFrom,
  observe,
  runtimeText,
  type MeasuredModel,
  type ModelObservation,
  type RunResult,
  type RuntimeIdentity,
} from "../../../device/index.ts";
import { OptionError, RunError } from "../../../errors.ts";
import type { HardwareProfile } from "../../../hardware/hardware.ts";
import type { Model } from "../../../model/model.ts";
import { costModel } from "../../../profile-model.ts";
import type { LayerProfile, Totals } from "../../../profile.ts";
import type { CostedModel, CostedRound, Costing, MadeModel } from "../costing.ts";
import type { Trials } from "../trials.ts";
import { anchored, rowAnchors, type RowAnchors } from "./row-anchors.ts";

/** What a search takes of a run. */
export type ClockedRun = Pick<RunResult, "model" | "runtime" | "latency" | "layers" | "outputs">;

/** Runs a model on a device. @throws {DeviceError} @throws {RunError} @throws the signal's reason */
export type Clock = (model: MeasuredModel, signal?: AbortSignal) => Promise<ClockedRun>;

export interface DeviceOptions {
  readonly clock: Clock;
  /** "Google Pixel 8, 4 threads" */
  readonly name: string;
}

export interface MeasuringOptions extends DeviceOptions {
  /** Profile on whose roofline the device's latency is learned. */
  readonly hardware: HardwareProfile;
  /** Latency of the budget: what seems to keep it is measured again before it counts. */
  readonly mostSeconds: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Of an earlier part of the same search. */
  readonly observations?: readonly ModelObservation[];
  /** What measured them; the runtime of the first run when left out. */
  readonly runtime?: RuntimeIdentity | undefined;
}

/** Models of a round take turns so often: what slows the device down for a while, slows them all. */
const PASSES = 3;
/** Older models are less and less like those to come; the first one counts always. */
const MOST_OBSERVATIONS = 8;

/** What is known of a model that ran. */
interface Measured {
  readonly seconds: number;
  readonly run: ClockedRun;
}

/**
 * Latencies as a device measures them, all other costs as they are counted. What edits would make of a measured model is predicted by
 * the latency that was learned of the runs so far, held to the times of that model's own layers (NetAdapt, Yang et al., ECCV 2018,
 * looks such times up in a table).
 */
export class MeasuredCosts implements Costing {
  readonly contenders = 2;
  readonly pilots = 3;
  readonly triesIntegers = true;
  /** A device does not tell smaller steps apart. */
  readonly steps = { first: 1 / 8, smallest: 1 / 50 };

  readonly #measured = new WeakMap<Model, Measured>();
  #observations: ModelObservation[];
  #learned: HardwareProfile;
  #runtime: RuntimeIdentity | undefined;
  #hasRun = false;
  /** Of the model that predictions were made from last: what was learned since makes others. */
  #anchors: { readonly model: Model; readonly rows: RowAnchors } | undefined;

  constructor(
    private readonly trials: Trials,
    private readonly options: MeasuringOptions,
  ) {
    this.#observations = [...(options.observations ?? [])];
    this.#learned = options.hardware;
    this.#runtime = options.runtime;
    this.#learn();
  }

  /** What was learned so far, to go on with later. */
  get observations(): readonly ModelObservation[] {
    return this.#observations;
  }

  /** What measured the latencies; undefined before the first run. */
  get runtime(): RuntimeIdentity | undefined {
    return this.#runtime;
  }

  /** With the latency that is predicted for it. */
  predicted(after: Model, from: Model, { model }: CostedModel): Totals {
    const totals = this.trials.totalsOf(after, from);
    const rows = this.#anchorsOf(model);
    return rows ? { ...totals, latencySeconds: anchored(this.#rows(after, this.#learned), rows) } : totals;
  }

  /** @throws {DeviceError} when the device is gone */
  async costed(made: readonly MadeModel[], standing?: CostedModel): Promise<CostedRound> {
    for (const { model, from } of made) this.trials.totalsOf(model, from);
    const models = [...made.map(({ model }) => model), ...(standing ? [standing.model] : [])];
    const first = await this.#inTurns(models);
    const within = made.flatMap(({ model }) => {
      const { seconds } = first.get(model) ?? {};
      return seconds !== undefined && seconds <= (this.options.mostSeconds ?? 0) ? [model] : [];
    });
    const again = await this.#inTurns(within);
    for (const [model, measured] of first) {
      const seconds = Math.max(measured.seconds, again.get(model)?.seconds ?? 0);
      if (!this.#measured.has(model)) this.#measured.set(model, { ...measured, seconds });
      const run = { ...measured.run, latency: timed(measured.run, measured.seconds) };
      const { layers } = this.trials.analysed(model).listing;
      this.#observations.push(observe(run, layers, this.options.hardware));
    }
    this.#learn();
    const totalsOf = (model: Model, seconds: number | undefined): Totals | undefined =>
      seconds === undefined ? undefined : { ...this.trials.totalsOf(model), latencySeconds: seconds };
    return {
      totals: made.map(({ model }) => totalsOf(model, this.#measured.get(model)?.seconds)),
      standing: standing && (totalsOf(standing.model, first.get(standing.model)?.seconds) ?? standing.totals),
    };
  }

  /** The quickest pass of each: what disturbs a run only ever adds to it. Models that do not run there are left out. */
  async #inTurns(models: readonly Model[]): Promise<ReadonlyMap<Model, Measured>> {
    const quickest = new Map<Model, Measured>();
    let running = models;
    for (let pass = 0; pass < PASSES; pass += 1) {
      const ran: Model[] = [];
      for (const model of running) {
        const run = await this.#run(model);
        if (!run) continue;
        ran.push(model);
        const seconds = undisturbed(run);
        if (seconds < (quickest.get(model)?.seconds ?? Infinity)) quickest.set(model, { seconds, run });
      }
      running = ran;
    }
    return quickest;
  }

  /**
   * undefined for a model that the device does not run, or gets wrong, or runs in another runtime than the first one, as this machine does with what
   * TFLite refuses: what would be saved, or lost, is the runtime's.
   */
  async #run(model: Model): Promise<ClockedRun | undefined> {
    const { clock, signal, hardware } = this.options;
    signal?.throwIfAborted();
    try {
      const run = await clock({ model, layers: this.#rows(model, hardware) }, signal);
      return run.outputs.verdict === "differs" || !this.#isOfOneRuntime(run) ? undefined : run;
    } catch (error) {
      signal?.throwIfAborted();
      const isOfModel = error instanceof RunError || (error instanceof DeviceError && OF_THE_MODEL.has(error.problem));
      if (isOfModel) return undefined;
      throw error;
    }
  }

  /**
   * Whether the runtime that ran it is the search's, which the first run decides.
   * @throws {OptionError} when what ran there in an earlier part of the search runs in another runtime now
   */
  #isOfOneRuntime({ runtime }: ClockedRun): boolean {
    const isSame = this.#runtime?.name === runtime.name && this.#runtime.version === runtime.version;
    if (!isSame && this.#runtime && !this.#hasRun)
      throw new OptionError(
        `the search that was kept measured in ${runtimeText(this.#runtime)}, and ${runtimeText(runtime)} runs the model now`,
        {
          hint: "Begin another search: “Start over” in the editor; on the command line name another file, or remove this one.",
        },
      );
    this.#hasRun = true;
    this.#runtime ??= runtime;
    return isSame || this.#runtime === runtime;
  }

  #learn(): void {
    this.#anchors = undefined;
    const [first, ...others] = this.#observations;
    if (!first) return;
    this.#observations = [first, ...others.slice(1 - MOST_OBSERVATIONS)];
    this.#learned = learnedFrom(this.options.hardware, this.options.name, this.#observations);
  }

  #anchorsOf(model: Model): RowAnchors | undefined {
    if (this.#anchors?.model === model) return this.#anchors.rows;
    const measured = this.#measured.get(model);
    if (!measured) return undefined;
    const run = { ...measured.run, latency: timed(measured.run, measured.seconds) };
    const rows = rowAnchors(run, this.#rows(model, this.#learned));
    this.#anchors = { model, rows };
    return rows;
  }

  #rows(model: Model, hardware: HardwareProfile): readonly LayerProfile[] {
    return costModel(this.trials.analysed(model), hardware).layers;
  }
}

function timed({ latency }: ClockedRun, median: number): RunResult["latency"] {
  return { ...latency, statistics: { ...latency.statistics, median } };
}

/**
 * Seconds of an inference that nothing else slows down: the lower decile of the runs. The median of a few runs moves by a third when other
 * programs run, and a search for parts of a twentieth cannot. Where only statistics are told, their median.
 */
function undisturbed({ latency: { runSeconds, statistics } }: Pick<RunResult, "latency">): number {
  const sorted = runSeconds.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * LOW)] ?? statistics.median;
}

const LOW = 0.1;

/** Problems of the one model: others may run. */
const OF_THE_MODEL: ReadonlySet<string> = new Set(["crashed", "time-limit", "unsupported"]);
