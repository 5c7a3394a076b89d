import { MemorySource } from "../../bytes/memory-source.ts";
import { newArray, type NamedTensors, type NumericTensor } from "../../run/numeric-tensor.ts";
import { fromRuntimeBytes, toRuntimeBytes } from "../../run/tensor-bytes.ts";
import { compareOutputs } from "../compare-outputs.ts";
import { DeviceError } from "../device-error.ts";
import { latencyStatistics } from "../latency-statistics.ts";
import { mapTimes } from "../map-times.ts";
import { ONNX_TYPES, typeOfNumber } from "../onnx-types.ts";
import { optimizedOperators } from "../optimized-graph.ts";
import { parseOrtProfile } from "../ort-profile.ts";
import type { PreparedRun } from "../prepared-run.ts";
import {
  RUN_RESULT_VERSION,
  type DeviceIdentity,
  type LayerTimes,
  type NotMeasured,
  type OutputCheck,
  type RunResult,
  type RunSettings,
} from "../run-result.ts";
import type { RunnerBundle } from "../runner/bundle.ts";
import { missingFiles, pushBundle, type PushedBundle } from "../runner/push-bundle.ts";
import { runRunner, type RunnerArguments, type RunnerResult } from "../runner/run-runner.ts";
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
import { measureEnergy, type EnergyTimes } from "./measure-energy.ts";
import { readConditions } from "./phone-facts/phone-facts.ts";
import { takePhone } from "./phone-folder.ts";

/** Of the timed runs where nobody asked for a number: a large model on a small phone would take minutes. */
const TIMED_SECONDS = 20;
/** Shares need fewer runs than a p90. */
const PROFILED = { warmUp: 2, runs: 10, seconds: 10 };
/** Beside what is pushed: outputs, the profile, and what Android wants to keep free. */
const SPARE_BYTES = 32e6;
/** Of ONNX Runtime's profile: some 600 bytes an operator and run. */
const MOST_PROFILE_BYTES = 256e6;

/** One run of a model on a phone, from taking the phone to leaving it as it was. */
export class AndroidRun {
  readonly #settings: RunSettings;
  readonly #end: number;

  constructor(
    private readonly device: AdbDevice,
    private readonly facts: DeviceFacts,
    private readonly bundle: RunnerBundle,
    private readonly prepared: PreparedRun,
    private readonly measured: MeasuredModel,
    private readonly options: RunOptions,
    private readonly control: RunControl,
  ) {
    this.#settings = {
      threads: options.threads ?? Math.min(DEFAULT_THREADS, facts.cores ?? DEFAULT_THREADS),
      warmUpRuns: options.warmUpRuns ?? DEFAULT_WARM_UP_RUNS,
      runs: options.runs ?? DEFAULT_RUNS,
      dimensions: prepared.dimensions,
      inputs: prepared.description,
      cores: options.cores ?? null,
      delegate: null,
    };
    this.#end = performance.now() + this.#limitSeconds * 1000;
  }

  async measure(energyTimes?: EnergyTimes): Promise<Omit<RunResult, "startedAt">> {
    const { signal } = this.control;
    const folder = await takePhone(this.device, signal, () => this.#report("queued"));
    try {
      return await this.#measureIn(folder.path, energyTimes);
    } finally {
      this.#report("cleaning-up");
      // Whatever happened, the folder's keeper removes it; what went wrong before is what the caller should hear of.
      await folder.remove().catch(() => undefined);
    }
  }

  async #measureIn(folder: string, energyTimes?: EnergyTimes): Promise<Omit<RunResult, "startedAt">> {
    const { device, prepared, control } = this;
    const pushed = await this.#push(folder);
    const before = await readConditions(device, control.signal);
    const main = await this.#run(pushed, folder, "latency", {
      optimization: "all",
      runs: this.#settings.runs,
      warmUp: this.#settings.warmUpRuns,
      outputs: ".",
      ...(this.options.runs === undefined && { budgetSeconds: TIMED_SECONDS }),
    });
    const outputs = await this.#compare(folder, main);
    const layers = await this.#layers(pushed, folder);
    const energy =
      this.options.measuresEnergy === true
        ? await measureEnergy(device, before.battery, this.#loop(pushed, folder), control.signal, energyTimes)
        : { reason: "It was not asked for." };
    const after = await readConditions(device, control.signal);
    const { statistics, notes } = this.#latency(main);
    return {
      version: RUN_RESULT_VERSION,
      model: prepared.identity,
      device: identityOf(this.facts),
      runtime: { name: "ONNX Runtime", version: main.version, kind: "native", description: "CPU" },
      settings: { ...this.#settings, runs: statistics.runs },
      latency: {
        loadSeconds: main.loadSeconds,
        firstRunSeconds: main.firstSeconds,
        statistics,
        runSeconds: main.runSeconds,
      },
      layers,
      memory:
        main.peakBytes === null
          ? { reason: "The phone does not tell the memory of processes." }
          : { peakBytes: main.peakBytes, baselineBytes: main.baselineBytes },
      energy,
      conditions: { before, after },
      throttling: throttlingOf(before, after),
      outputs,
      notes,
    };
  }

  #latency({
    runSeconds,
  }: RunnerResult): Pick<RunResult, "notes"> & { statistics: RunResult["latency"]["statistics"] } {
    if (runSeconds.length === 0) throw new DeviceError("failed", `${this.device.serial}: the runner timed nothing`);
    const isCut = runSeconds.length < this.#settings.runs;
    const notes = isCut
      ? [
          `Timing stopped after ${runSeconds.length} runs, which took ${TIMED_SECONDS} seconds; ask for more to have more.`,
        ]
      : [];
    return { statistics: latencyStatistics(runSeconds), notes };
  }

  /** The runtime, the model and its inputs. */
  async #push(folder: string): Promise<PushedBundle> {
    const { device, bundle, prepared, control } = this;
    const { signal } = control;
    this.#report("pushing-runtime");
    const missing = await missingFiles(device, bundle, signal);
    const inputs = prepared.inputNames.map((name, index) => {
      const tensor = prepared.inputs[name];
      return {
        path: inputFile(index),
        source: new MemorySource(name, tensor ? toRuntimeBytes(tensor) : new Uint8Array()),
      };
    });
    const files = [...prepared.files.map(({ path, source }) => ({ path: `model/${path}`, source })), ...inputs];
    const modelBytes = files.reduce((sum, { source }) => sum + source.size, 0);
    this.#checkSpace(missing.reduce((sum, { bytes }) => sum + bytes, 0) + modelBytes);
    const pushed = await pushBundle(device, bundle, missing, {
      signal,
      onSent: (done, total) => this.#report("pushing-runtime", done, total),
    });
    let before = 0;
    for (const { path, source } of files) {
      const start = before;
      const onSent = (done: number): void => this.#report("pushing-model", start + done, modelBytes);
      await device.push(`${folder}/${path}`, source, { signal, onSent });
      before += source.size;
    }
    return pushed;
  }

  /** @throws {DeviceError} before anything is pushed in vain */
  #checkSpace(bytes: number): void {
    const { freeBytes } = this.facts;
    if (freeBytes === null || freeBytes >= bytes + SPARE_BYTES) return;
    const megabytes = (value: number): string => `${Math.ceil(value / 1e6)} MB`;
    throw new DeviceError(
      "no-space",
      `${this.device.serial} has ${megabytes(freeBytes)} free, and the run needs ${megabytes(bytes + SPARE_BYTES)}`,
      { hint: "Free some space on the phone" },
    );
  }

  async #compare(folder: string, { outputs }: RunnerResult): Promise<OutputCheck> {
    this.#report("comparing");
    const found: Record<string, NumericTensor> = {};
    for (const [index, { name, type, shape }] of outputs.entries()) {
      const expected = this.prepared.outputs[name];
      const dataType = typeOfNumber(type);
      if (expected === undefined || dataType === undefined) continue;
      const isAlike = dataType === expected.dataType && shape.join() === expected.shape.join();
      // One of another size is told by its shape: its elements are not looked at.
      found[name] = isAlike
        ? fromRuntimeBytes(dataType, shape, await this.#pull(`${folder}/output_${index}.bin`, expected))
        : { dataType, shape, data: newArray(dataType, 0) };
    }
    return compareOutputs(this.prepared.outputs, found satisfies NamedTensors, this.prepared.skipped);
  }

  #pull(path: string, expected: NumericTensor): Promise<Uint8Array> {
    return this.device.pull(path, toRuntimeBytes(expected).length, this.control.signal);
  }

  async #layers(pushed: PushedBundle, folder: string): Promise<LayerTimes | NotMeasured> {
    const { device, control, measured } = this;
    const { warmUp, runs, seconds } = PROFILED;
    await this.#run(pushed, folder, "layers", {
      optimization: "basic",
      runs,
      warmUp,
      budgetSeconds: seconds,
      profile: "profile",
    });
    const profile = await device.pull(`${folder}/profile.json`, MOST_PROFILE_BYTES, control.signal);
    const profiled = parseOrtProfile(new TextDecoder().decode(profile)).slice(1 + warmUp);
    if (profiled.length === 0)
      return { reason: "ONNX Runtime's profile holds no whole run: it has too many operators." };
    control.signal?.throwIfAborted();
    return mapTimes(profiled, await optimizedOperators(measured.runnable), measured.layers);
  }

  #loop(pushed: PushedBundle, folder: string) {
    return (seconds: number, onStart: () => void): Promise<RunnerResult> => {
      const { warmUpRuns } = this.#settings;
      return this.#run(
        pushed,
        folder,
        "energy",
        { optimization: "all", runs: 1, warmUp: warmUpRuns, seconds },
        onStart,
      );
    };
  }

  async #run(
    pushed: PushedBundle,
    folder: string,
    phase: RunPhase,
    args: Omit<RunnerArguments, "model" | "threads" | "inputs" | "cores">,
    onRun: () => void = () => undefined,
  ): Promise<RunnerResult> {
    this.#report(phase);
    const { threads, cores } = this.#settings;
    const [model] = this.prepared.files;
    const shared = {
      model: `model/${model?.path ?? ""}`,
      threads,
      inputs: this.prepared.inputNames.map((name, index) => inputFlag(this.prepared.inputs[name], index)),
      ...(cores !== null && { cores }),
    };
    return runRunner(
      this.device,
      pushed,
      folder,
      { ...shared, ...args },
      {
        signal: this.control.signal,
        limitSeconds: this.#remainingSeconds(),
        onRun: (done, total) => {
          this.#report(phase, done, total);
          onRun();
        },
      },
    );
  }

  get #limitSeconds(): number {
    return this.options.timeLimitSeconds ?? DEFAULT_TIME_LIMIT;
  }

  #remainingSeconds(): number {
    const remaining = (this.#end - performance.now()) / 1000;
    if (remaining > 0) return remaining;
    throw new DeviceError("time-limit", `the run took longer than ${this.#limitSeconds} seconds`, {
      hint: "Ask for fewer runs, or set a longer time limit",
    });
  }

  #report(phase: RunPhase, done?: number, total?: number): void {
    this.control.onProgress?.({ phase, ...(done !== undefined && { done }), ...(total !== undefined && { total }) });
  }
}

function inputFile(index: number): string {
  return `input_${index}.bin`;
}

/** "1:1x3x224x224:input_0.bin" */
function inputFlag(tensor: NumericTensor | undefined, index: number): string {
  if (tensor === undefined) throw new RangeError(`input ${index} is missing`);
  return `${ONNX_TYPES[tensor.dataType]}:${tensor.shape.join("x")}:${inputFile(index)}`;
}

function identityOf({ kind, serial, name, system, soc, abis, cores, memoryBytes }: DeviceFacts): DeviceIdentity {
  return { kind, serial, name, system, soc, abis, cores, memoryBytes };
}
