import { MemorySource } from "../../bytes/memory-source.ts";
import { DeviceError, RUN_AGAIN } from "../device-error.ts";
import type { Conditions, Energy, NotMeasured } from "../run-result.ts";
import type { BundledRuntime, RunnerBundle } from "../runner/bundle.ts";
import { bundleFolder, missingFiles, pushBundle } from "../runner/push-bundle.ts";
import { runRunner, type RunnerArguments } from "../runner/run-runner.ts";
import type { RunnerResult } from "../runner/runner-answer.ts";
import { FEWEST_RUNS } from "../latency-statistics.ts";
import type { RunPhase } from "../target.ts";
import { explainFailure } from "./explain-failure.ts";
import { measureEnergy, type EnergyTimes } from "./measure-energy.ts";
import { PhoneRun, sizeOf, TIMED_SECONDS, type PhoneRunSubject } from "./phone-run.ts";

/** Shares need fewer runs than a p90, and no more than were asked for, though enough to know their noise. */
const PROFILED = { warmUp: 2, fewest: FEWEST_RUNS, runs: 10, seconds: 10 };

/** What a runner is told of the model in any run. */
export type ModelArguments = Pick<RunnerArguments, "model" | "inputs">;

/** A run by a runtime that we bring: pushed once, started by its own C library's loader, tied to this program. */
export abstract class BundledRun extends PhoneRun {
  /** Runs before those that are profiled. */
  protected readonly profileWarmUp = PROFILED.warmUp;

  constructor(
    subject: PhoneRunSubject,
    private readonly bundle: RunnerBundle,
    private readonly runtime: BundledRuntime,
    private readonly energyTimes?: EnergyTimes,
  ) {
    super(subject);
  }

  /** The model's files and its inputs, by their paths in the run's folder. */
  protected abstract files(): Parameters<PhoneRun["pushFiles"]>[1];
  protected abstract modelArguments(): ModelArguments;

  /** The runtime, the model and its inputs. */
  protected override async push(folder: string): Promise<void> {
    const { device, bundle, runtime, control } = this;
    const { signal } = control;
    this.report("pushing-runtime");
    const missing = await missingFiles(device, bundle, runtime, signal);
    const files = this.files();
    this.checkSpace(missing.reduce((sum, { bytes }) => sum + bytes, 0) + sizeOf(files));
    await pushBundle(device, bundle, missing, {
      runtime,
      signal,
      onSent: (done, total) => this.report("pushing-runtime", done, total),
    });
    await this.pushFiles(folder, files, "pushing-model");
  }

  protected inputFile(path: string, bytes: Uint8Array): { readonly path: string; readonly source: MemorySource } {
    return { path, source: new MemorySource(path, bytes) };
  }

  /** @throws {DeviceError} when nothing was timed */
  protected async timed(folder: string, args: Partial<RunnerArguments>): Promise<RunnerResult> {
    const { warmUpRuns: warmUp, runs } = this.settings;
    const budget = this.options.runs === undefined && { budgetSeconds: TIMED_SECONDS };
    const main = await this.runner(folder, "latency", { runs, warmUp, outputs: ".", ...budget, ...args });
    if (main.runSeconds.length > 0) return main;
    throw new DeviceError("failed", `${this.device.serial}: the runner timed nothing`, { hint: RUN_AGAIN });
  }

  protected profiled(folder: string, args: Partial<RunnerArguments>): Promise<RunnerResult> {
    const { warmUp, fewest, runs, seconds } = PROFILED;
    const wanted = Math.min(runs, Math.max(fewest, this.settings.runs));
    return this.runner(folder, "layers", { runs: wanted, warmUp, budgetSeconds: seconds, ...args });
  }

  protected async energy(
    folder: string,
    { battery }: Conditions,
    args: Partial<RunnerArguments>,
  ): Promise<Energy | NotMeasured> {
    if (this.options.measuresEnergy !== true) return { reason: "It was not asked for." };
    const { warmUpRuns: warmUp } = this.settings;
    const loop = (seconds: number, onStart: () => void): Promise<RunnerResult> =>
      this.runner(folder, "energy", { runs: 1, warmUp, seconds, ...args }, onStart);
    return measureEnergy(this.device, battery, loop, this.control.signal, this.energyTimes);
  }

  protected async runner(
    folder: string,
    phase: RunPhase,
    args: Pick<RunnerArguments, "runs" | "warmUp"> & Partial<RunnerArguments>,
    onRun: () => void = () => undefined,
  ): Promise<RunnerResult> {
    this.report(phase);
    const { threads, cores } = this.settings;
    const running = runRunner(
      this.device,
      { folder: bundleFolder(this.bundle), bundle: this.bundle },
      this.runtime,
      folder,
      { ...this.modelArguments(), threads, ...(cores !== null && { cores }), ...args },
      {
        signal: this.control.signal,
        limitSeconds: this.remainingSeconds(),
        onRun: (done, total) => {
          this.report(phase, done, total);
          onRun();
        },
      },
    );
    return running.catch(async (error: unknown) => {
      throw await explainFailure(error, this.failedRun);
    });
  }

  /** A file of the run's folder, which is of so many bytes at most. */
  protected pull(folder: string, file: string, bytes: number): Promise<Uint8Array> {
    return this.device.pull(`${folder}/${file}`, bytes, this.control.signal);
  }
}
