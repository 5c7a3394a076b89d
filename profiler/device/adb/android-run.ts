import { ownEntry } from "../../own-entry.ts";
import { MemorySource } from "../../bytes/memory-source.ts";
import { newArray, type NamedTensors, type NumericTensor } from "../../runtime/numeric-tensor.ts";
import { fromRuntimeBytes, toRuntimeBytes } from "../../runtime/tensor-bytes.ts";
import { compareOutputs } from "../compare-outputs.ts";
import { DeviceError } from "../device-error.ts";
import { FEWEST_RUNS, latencyStatistics } from "../latency-statistics.ts";
import { mapTimes } from "../map-times.ts";
import { profiledLevel } from "../profiled-level.ts";
import { ONNX_TYPES, typeOfNumber } from "../onnx-types.ts";
import { optimizedOperators } from "../optimized-graph.ts";
import { parseOrtProfile } from "../ort-profile.ts";
import type { Conditions, LayerTimes, NotMeasured, OutputCheck } from "../run-result.ts";
import type { RunnerBundle } from "../runner/bundle.ts";
import { bundleFolder, missingFiles, pushBundle } from "../runner/push-bundle.ts";
import { runRunner, type RunnerArguments, type RunnerResult } from "../runner/run-runner.ts";
import type { RunPhase } from "../target.ts";
import { measureEnergy, type EnergyTimes } from "./measure-energy.ts";
import { PhoneRun, sizeOf, TIMED_SECONDS, type MeasuredByRuntime, type PhoneRunSubject } from "./phone-run.ts";

/** Shares need fewer runs than a p90, and no more than were asked for, though enough to know their noise. */
const PROFILED = { warmUp: 2, fewest: FEWEST_RUNS, runs: 10, seconds: 10 };
/** Of ONNX Runtime's profile: some 600 bytes an operator and run. */
const MOST_PROFILE_BYTES = 256e6;

/** A run of an ONNX model by ONNX Runtime, natively. */
export class AndroidRun extends PhoneRun {
  constructor(
    subject: PhoneRunSubject,
    private readonly bundle: RunnerBundle,
    private readonly energyTimes?: EnergyTimes,
  ) {
    super(subject);
  }

  protected override async run(folder: string, before: Conditions): Promise<MeasuredByRuntime> {
    const main = await this.#run(folder, "latency", {
      optimization: "all",
      runs: this.settings.runs,
      warmUp: this.settings.warmUpRuns,
      outputs: ".",
      ...(this.options.runs === undefined && { budgetSeconds: TIMED_SECONDS }),
    });
    const outputs = await this.#compare(folder, main);
    const layers = await this.#layers(folder);
    const { signal } = this.control;
    const energy =
      this.options.measuresEnergy === true
        ? await measureEnergy(this.device, before.battery, this.#loop(folder), signal, this.energyTimes)
        : { reason: "It was not asked for." };
    if (main.runSeconds.length === 0)
      throw new DeviceError("failed", `${this.device.serial}: the runner timed nothing`);
    return {
      runtime: { name: "ONNX Runtime", version: main.version, kind: "native", description: "CPU" },
      latency: {
        loadSeconds: main.loadSeconds,
        firstRunSeconds: main.firstSeconds,
        statistics: latencyStatistics(main.runSeconds),
        runSeconds: main.runSeconds,
      },
      layers,
      memory:
        main.peakBytes === null
          ? { reason: "The phone does not tell the memory of processes." }
          : { peakBytes: main.peakBytes, baselineBytes: main.baselineBytes },
      energy,
      outputs,
      notes: this.cutShort(main.runSeconds.length),
    };
  }

  /** The runtime, the model and its inputs. */
  protected override async push(folder: string): Promise<void> {
    const { device, bundle, prepared, control } = this;
    const { signal } = control;
    this.report("pushing-runtime");
    const missing = await missingFiles(device, bundle, signal);
    const inputs = prepared.inputNames.map((name, index) => {
      const tensor = ownEntry(prepared.inputs, name);
      const bytes = tensor ? toRuntimeBytes(tensor) : new Uint8Array();
      return { path: inputFile(index), source: new MemorySource(name, bytes) };
    });
    const files = [...prepared.files.map(({ path, source }) => ({ path: `model/${path}`, source })), ...inputs];
    this.checkSpace(missing.reduce((sum, { bytes }) => sum + bytes, 0) + sizeOf(files));
    await pushBundle(device, bundle, missing, {
      signal,
      onSent: (done, total) => this.report("pushing-runtime", done, total),
    });
    await this.pushFiles(folder, files, "pushing-model");
  }

  async #compare(folder: string, { outputs }: RunnerResult): Promise<OutputCheck> {
    this.report("comparing");
    const found: Record<string, NumericTensor> = {};
    for (const [index, { name, type, shape }] of outputs.entries()) {
      const expected = ownEntry(this.prepared.outputs, name);
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

  async #layers(folder: string): Promise<LayerTimes | NotMeasured> {
    const { device, control, measured } = this;
    const { warmUp, fewest, runs, seconds } = PROFILED;
    const optimization = profiledLevel(measured.layers);
    await this.#run(folder, "layers", {
      optimization,
      runs: Math.min(runs, Math.max(fewest, this.settings.runs)),
      warmUp,
      budgetSeconds: seconds,
      profile: "profile",
    });
    const profile = await device.pull(`${folder}/profile.json`, MOST_PROFILE_BYTES, control.signal);
    const profiled = parseOrtProfile(new TextDecoder().decode(profile)).slice(1 + warmUp);
    if (profiled.length === 0)
      return { reason: "ONNX Runtime's profile holds no whole run: it has too many operators." };
    control.signal?.throwIfAborted();
    return mapTimes(
      profiled,
      await optimizedOperators(measured.model, optimization, control.signal),
      measured.layers,
      optimization,
    );
  }

  #loop(folder: string) {
    return (seconds: number, onStart: () => void): Promise<RunnerResult> => {
      const { warmUpRuns } = this.settings;
      return this.#run(folder, "energy", { optimization: "all", runs: 1, warmUp: warmUpRuns, seconds }, onStart);
    };
  }

  async #run(
    folder: string,
    phase: RunPhase,
    args: Omit<RunnerArguments, "model" | "threads" | "inputs" | "cores">,
    onRun: () => void = () => undefined,
  ): Promise<RunnerResult> {
    this.report(phase);
    const { threads, cores } = this.settings;
    const [model] = this.prepared.files;
    const shared = {
      model: `model/${model?.path ?? ""}`,
      threads,
      inputs: this.prepared.inputNames.map((name, index) => inputFlag(ownEntry(this.prepared.inputs, name), index)),
      ...(cores !== null && { cores }),
    };
    return runRunner(
      this.device,
      { folder: bundleFolder(this.bundle), bundle: this.bundle },
      folder,
      { ...shared, ...args },
      {
        signal: this.control.signal,
        limitSeconds: this.remainingSeconds(),
        onRun: (done, total) => {
          this.report(phase, done, total);
          onRun();
        },
      },
    );
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
