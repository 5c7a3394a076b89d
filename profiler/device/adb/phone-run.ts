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
  DEFAULT_RUNS,
  DEFAULT_THREADS,
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
import { readConditions } from "./phone-facts/phone-facts.ts";
import { takePhone } from "./phone-folder.ts";

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
      threads: options.threads ?? Math.min(DEFAULT_THREADS, facts.cores ?? DEFAULT_THREADS),
      warmUpRuns: options.warmUpRuns ?? DEFAULT_WARM_UP_RUNS,
      runs: options.runs ?? DEFAULT_RUNS,
      dimensions: prepared.dimensions,
      inputs: prepared.description,
      cores: options.cores ?? null,
      delegate: options.delegate ?? null,
    };
    this.#end = performance.now() + this.#limitSeconds * 1000;
  }

  async measure(): Promise<Omit<RunResult, "startedAt">> {
    const { signal } = this.control;
    const folder = await takePhone(this.device, signal, () => this.report("queued"));
    try {
      return await this.#measureIn(folder.path);
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

  async #measureIn(folder: string): Promise<Omit<RunResult, "startedAt">> {
    await this.push(folder);
    const before = await readConditions(this.device, this.control.signal);
    const { settings, ...result } = await this.run(folder, before);
    const after = await readConditions(this.device, this.control.signal);
    return {
      version: RUN_RESULT_VERSION,
      model: this.prepared.identity,
      device: identityOf(this.facts),
      settings: { ...this.settings, runs: result.latency.statistics.runs, ...settings },
      conditions: { before, after },
      throttling: throttlingOf(before, after),
      ...result,
    };
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
    return [`Timing stopped after ${runs} runs, which took ${TIMED_SECONDS} seconds; ask for more to have more.`];
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
