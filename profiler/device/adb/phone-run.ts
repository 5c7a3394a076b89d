import type { ByteSource } from "../../bytes/byte-source.ts";
import { DeviceError } from "../device-error.ts";
import type { PreparedRun } from "../prepared-run.ts";
import {
  RUN_RESULT_VERSION,
  type Conditions,
  type DeviceIdentity,
  type RunResult,
  type RunSettings,
} from "../run-result.ts";
import {
  BIG_CORES,
  DEFAULT_RUNS,
  DEFAULT_TIME_LIMIT,
  DEFAULT_WARM_UP_RUNS,
  type DeviceFacts,
  type MeasuredModel,
  type RunControl,
  type RunOptions,
  type RunPhase,
} from "../target.ts";
import { throttlingOf } from "../throttling.ts";
import type { AdbDevice } from "./adb-device.ts";
import type { FailedRun } from "./explain-failure.ts";
import { readConditions } from "./phone-facts/phone-facts.ts";
import { EMULATOR } from "./phone-facts/properties.ts";
import { takePhone, type RunFolder } from "./phone-folder.ts";
import { coresAndThreads } from "./run-cores.ts";
import { ConditionsSampler } from "./sample-conditions.ts";

/** Of the timed runs where nobody asked for a number: a large model on a small phone would take minutes. */
export const TIMED_SECONDS = 20;
/** Beside what is pushed: outputs, the profile, and what Android wants to keep free. */
const SPARE_BYTES = 32e6;

/** A run's own part: what a runtime measured. */
export type MeasuredByRuntime = Omit<
  RunResult,
  "version" | "startedAt" | "model" | "device" | "settings" | "conditions" | "throttling"
> & {
  /** Where the runtime did otherwise than it was asked. */
  readonly settings?: Partial<RunSettings>;
};

export interface PhoneRunSubject {
  readonly device: AdbDevice;
  readonly facts: DeviceFacts;
  readonly prepared: PreparedRun;
  readonly measured: MeasuredModel;
  readonly options: RunOptions;
  readonly control: RunControl;
}

/** A file to push, by its path in the run's folder. */
export interface PushedFile {
  readonly path: string;
  readonly source: ByteSource;
  /** Permission bits. */
  readonly mode?: number;
}

/** One run of a model on a phone, from taking the phone to leaving it as it was, whatever the runtime is. */
export abstract class PhoneRun {
  protected readonly device: AdbDevice;
  protected readonly facts: DeviceFacts;
  protected readonly prepared: PreparedRun;
  protected readonly measured: MeasuredModel;
  protected readonly options: RunOptions;
  protected readonly control: RunControl;
  protected readonly settings: RunSettings;
  readonly #end: number;

  constructor({ device, facts, prepared, measured, options, control }: PhoneRunSubject) {
    this.device = device;
    this.facts = facts;
    this.prepared = prepared;
    this.measured = measured;
    this.options = options;
    this.control = control;
    this.settings = {
      ...coresAndThreads(options, facts),
      warmUpRuns: options.warmUpRuns ?? DEFAULT_WARM_UP_RUNS,
      runs: options.runs ?? DEFAULT_RUNS,
      dimensions: prepared.dimensions,
      inputs: prepared.description,
      delegate: options.delegate ?? null,
    };
    this.#end = performance.now() + this.#limitSeconds * 1000;
  }

  async measure(): Promise<Omit<RunResult, "startedAt">> {
    const { signal } = this.control;
    const fixesPerformance = this.options.fixedPerformance ?? true;
    const folder = await takePhone(this.device, signal, () => this.report("queued"), fixesPerformance);
    try {
      return await this.#measureIn(folder);
    } finally {
      this.report("cleaning-up");
      // Whatever happened, the folder's keeper removes it; what went wrong before is what the caller should hear of.
      await folder.remove().catch(() => undefined);
    }
  }

  /** Brings what the run needs. */
  protected abstract push(folder: string): Promise<void>;
  /** @param before how the phone was just before */
  protected abstract run(folder: string, before: Conditions): Promise<MeasuredByRuntime>;

  async #measureIn({ path, isFixedPerformance }: RunFolder): Promise<Omit<RunResult, "startedAt">> {
    await this.push(path);
    const before = await readConditions(this.device, this.control.signal);
    const sampler = new ConditionsSampler(this.device);
    const running = this.run(path, before);
    await Promise.allSettled([running]);
    const during = await sampler.end();
    const { settings, notes, ...result } = await running;
    const after = await readConditions(this.device, this.control.signal);
    return {
      version: RUN_RESULT_VERSION,
      model: this.prepared.identity,
      device: identityOf(this.facts),
      settings: {
        ...this.settings,
        runs: result.latency.statistics.runs,
        ...(isFixedPerformance && { fixedPerformance: true }),
        ...settings,
      },
      conditions: { before, after, during },
      throttling: throttlingOf(before, after, during, isFixedPerformance),
      notes: [...this.prepared.notes, ...notes, ...this.#notes(isFixedPerformance)],
      ...result,
    };
  }

  #notes(isFixedPerformance: boolean): readonly string[] {
    const { options, settings, facts } = this;
    return [
      ...(facts.name.endsWith(EMULATOR)
        ? ["An emulator ran it: these are times of the computer that it runs on, not of a phone."]
        : []),
      ...(isFixedPerformance
        ? ["The phone was in its fixed-performance mode: its clocks are those that it can keep up, not its highest."]
        : []),
      ...(options.cores === BIG_CORES && settings.cores === null
        ? ["It is not bound to big cores: the phone does not tell which are faster than others."]
        : []),
    ];
  }

  /** @throws {DeviceError} before anything is pushed in vain */
  protected checkSpace(bytes: number): void {
    const { freeBytes } = this.facts;
    if (freeBytes === null || freeBytes >= bytes + SPARE_BYTES) return;
    const megabytes = (value: number): string => `${Math.ceil(value / 1e6)} MB`;
    throw new DeviceError(
      "no-space",
      `${this.device.serial} has ${megabytes(freeBytes)} free, and the run needs ${megabytes(bytes + SPARE_BYTES)}`,
      { hint: "Free some space on the phone" },
    );
  }

  protected async pushFiles(folder: string, files: readonly PushedFile[], phase: RunPhase): Promise<void> {
    const total = sizeOf(files);
    let before = 0;
    for (const { path, source, mode } of files) {
      const start = before;
      await this.device.push(`${folder}/${path}`, source, {
        signal: this.control.signal,
        onSent: (done) => this.report(phase, start + done, total),
        ...(mode !== undefined && { mode }),
      });
      before += source.size;
    }
  }

  /** Says that fewer runs were timed than are usual. */
  protected cutShort(runs: number): readonly string[] {
    if (runs >= this.settings.runs) return [];
    return [`Timing stopped after ${runs} runs, which took ${TIMED_SECONDS} seconds; ask for more runs to time more.`];
  }

  /** For the words on why a program of ours was ended. */
  protected get failedRun(): FailedRun {
    // Weights that the file makes itself (ConstantOfShape) are none of its bytes.
    const weightBytes = this.measured.layers.reduce(
      (sum, layer) => sum + (layer.isCounted ? (layer.weightBytes ?? 0) : 0),
      0,
    );
    const modelBytes = Math.max(this.prepared.identity.fileBytes, weightBytes);
    return { device: this.device, facts: this.facts, modelBytes };
  }

  get #limitSeconds(): number {
    return this.options.timeLimitSeconds ?? DEFAULT_TIME_LIMIT;
  }

  /** @throws {DeviceError} when the whole run's time is over */
  protected remainingSeconds(): number {
    const remaining = (this.#end - performance.now()) / 1000;
    if (remaining > 0) return remaining;
    throw new DeviceError("time-limit", `the run took longer than ${this.#limitSeconds} seconds`, {
      hint: "Ask for fewer runs, or set a longer time limit",
    });
  }

  protected report(phase: RunPhase, done?: number, total?: number): void {
    this.control.onProgress?.({ phase, ...(done !== undefined && { done }), ...(total !== undefined && { total }) });
  }
}

export function sizeOf(files: readonly PushedFile[]): number {
  return files.reduce((sum, { source }) => sum + source.size, 0);
}

function identityOf({ kind, serial, name, system, soc, abis, cores, memoryBytes }: DeviceFacts): DeviceIdentity {
  return { kind, serial, name, system, soc, abis, cores, memoryBytes };
}
