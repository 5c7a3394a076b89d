import { availableParallelism } from "node:os";
import { RunError } from "../../errors.ts";
import type { FormatId } from "../../model/format.ts";
import { hostTflite, type HostTflite } from "../../runtime/native/bundles.ts";
import { compareOutputs } from "../compare-outputs.ts";
import { DeviceError } from "../device-error.ts";
import { latencyStatistics } from "../latency-statistics.ts";
import { mapTimes } from "../map-times.ts";
import { profiledLevel } from "../profiled-level.ts";
import { parseOrtProfile } from "../ort-profile.ts";
import { prepareRun, type PreparedRun } from "../prepared-run.ts";
import { RunQueue } from "../run-queue.ts";
import { RUN_RESULT_VERSION, type RunResult } from "../run-result.ts";
import {
  DEFAULT_RUNS,
  DEFAULT_THREADS,
  DEFAULT_TIME_LIMIT,
  DEFAULT_WARM_UP_RUNS,
  type DeviceFacts,
  type MeasuredModel,
  type RunControl,
  type RunOptions,
  type Target,
} from "../target.ts";
import { hostConditions, hostTypes, hostIdentity } from "./describe-host.ts";
import { nativeResult } from "../tflite/native-result.ts";
import { refusalOf } from "../tflite/newer-operators.ts";
import { runNativeTflite } from "./run-native-tflite.ts";
import { runOnnxProcess } from "./run-onnx.ts";
import { runTfliteProcess } from "./run-tflite.ts";

/** Part of the time limit that timing may take; loading and profiling have the rest. */
const TIMING_PART = 0.5;
/** Times of layers vary less than those of whole runs, and the profiler writes each of them down. */
const PROFILED_RUNS = 20;

/** What a runtime measured of a model, and with what it did so. */
type Measured = Pick<RunResult, "runtime" | "settings" | "latency" | "layers" | "memory" | "outputs" | "notes">;

/** What measures a model of each format. */
const MEASURES: Readonly<
  Record<
    FormatId,
    (model: MeasuredModel, prepared: PreparedRun, options: RunOptions, control: RunControl) => Promise<Measured>
  >
> = { onnx: measureOnnx, tflite: measureTflite };

/** This machine, measured as a phone is: ONNX by onnxruntime-node, TFLite by its own runtime or by LiteRT.js. Runs queue. */
export class HostTarget implements Target {
  readonly #queue = new RunQueue();

  describe(): Promise<DeviceFacts> {
    return hostTypes();
  }

  run(model: MeasuredModel, options: RunOptions, control: RunControl = {}): Promise<RunResult> {
    const onWait = (): void => control.onProgress?.({ phase: "queued" });
    return this.#queue.take(control.signal, onWait, () => measure(model, options, control));
  }
}

async function measure(model: MeasuredModel, options: RunOptions, control: RunControl): Promise<RunResult> {
  const { signal, onProgress } = control;
  signal?.throwIfAborted();
  onProgress?.({ phase: "preparing" });
  if (options.cores !== undefined) throw new RunError("runs on this machine cannot be bound to cores");
  const prepared = await prepareRun(model.model, options, { isTflite: options.runtime !== "litert" }, signal);
  signal?.throwIfAborted();
  const startedAt = new Date().toISOString();
  const before = hostConditions();
  const measured = await MEASURES[model.model.format](model, prepared, options, control);
  return {
    version: RUN_RESULT_VERSION,
    startedAt,
    model: prepared.identity,
    device: hostIdentity(),
    energy: { reason: "This machine has no power rails that can be read." },
    conditions: { before, after: hostConditions() },
    throttling: [],
    ...measured,
  };
}

async function measureOnnx(
  { model, layers }: MeasuredModel,
  prepared: PreparedRun,
  options: RunOptions,
  { signal, onProgress }: RunControl,
): Promise<Measured> {
  const settings = settingsOf(prepared, options);
  const limitSeconds = options.timeLimitSeconds ?? DEFAULT_TIME_LIMIT;
  const { threads, warmUpRuns, runs } = settings;
  const budgetSeconds = limitSeconds * TIMING_PART;
  const profiledAt = profiledLevel(layers, options.layersAt);
  const result = await runOnnxProcess(
    model,
    prepared,
    { threads, warmUpRuns, runs, budgetSeconds, profiledRuns: Math.min(runs, PROFILED_RUNS), profiledAt },
    { signal, limitSeconds, onRun: (phase, done, total) => onProgress?.({ phase, done, total }) },
  );
  onProgress?.({ phase: "comparing" });
  // The first profiled run warms up.
  const profiled = parseOrtProfile(result.profile).slice(1);
  const [shortened, notes] = shortenedTo(settings, result.runSeconds.length, limitSeconds);
  return {
    runtime: { name: "ONNX Runtime", version: result.version, kind: "native", description: "onnxruntime-node, CPU" },
    settings: shortened,
    latency: {
      loadSeconds: result.loadSeconds,
      firstRunSeconds: result.firstSeconds,
      statistics: latencyStatistics(result.runSeconds),
      runSeconds: result.runSeconds,
    },
    layers: mapTimes(profiled, result.optimized, layers, profiledAt),
    memory: { peakBytes: result.peakBytes, baselineBytes: result.baselineBytes },
    outputs: compareOutputs(prepared.outputs, result.outputs, prepared.skipped),
    notes,
  };
}

/** In TFLite's own runtime where this machine has it and it takes the model, else in LiteRT.js. */
async function measureTflite(
  model: MeasuredModel,
  prepared: PreparedRun,
  options: RunOptions,
  control: RunControl,
): Promise<Measured> {
  const tflite = options.runtime === "litert" ? undefined : hostTflite();
  if (tflite === undefined) return measureLitert(prepared, options, control);
  try {
    return await measureNativeTflite(tflite, model, prepared, options, control);
  } catch (error) {
    if (!(error instanceof RunError) && !(error instanceof DeviceError && error.problem === "crashed")) throw error;
    const measured = await measureLitert(prepared, options, control);
    const { message } = refusalOf(error, tflite.version, "");
    return { ...measured, notes: [...measured.notes, `LiteRT.js ran it instead of TFLite: ${message}.`] };
  }
}

async function measureNativeTflite(
  tflite: HostTflite,
  { layers }: MeasuredModel,
  prepared: PreparedRun,
  options: RunOptions,
  { signal, onProgress }: RunControl,
): Promise<Measured> {
  const settings = settingsOf(prepared, options);
  const limitSeconds = options.timeLimitSeconds ?? DEFAULT_TIME_LIMIT;
  const { threads, warmUpRuns, runs } = settings;
  const result = await runNativeTflite(
    tflite,
    prepared,
    {
      threads,
      warmUpRuns,
      runs,
      budgetSeconds: limitSeconds * TIMING_PART,
      profiledRuns: Math.min(runs, PROFILED_RUNS),
    },
    { signal, limitSeconds, onRun: (phase, done, total) => onProgress?.({ phase, done, total }) },
  );
  onProgress?.({ phase: "comparing" });
  const { latency } = result;
  const [shortened, notes] = shortenedTo(settings, latency.runSeconds.length, limitSeconds);
  const { outputs } = result;
  return { ...nativeResult(latency, result.layers, layers), settings: shortened, outputs, notes };
}

async function measureLitert(
  prepared: PreparedRun,
  options: RunOptions,
  { signal, onProgress }: RunControl,
): Promise<Measured> {
  const settings = settingsOf(prepared, options);
  const limitSeconds = options.timeLimitSeconds ?? DEFAULT_TIME_LIMIT;
  onProgress?.({ phase: "latency" });
  const { warmUpRuns, runs } = settings;
  const timing = { warmUpRuns, runs, budgetSeconds: limitSeconds * TIMING_PART };
  const result = await runTfliteProcess(prepared.model, prepared, timing, { signal, limitSeconds });
  onProgress?.({ phase: "comparing" });
  const [shortened, notes] = shortenedTo(settings, result.runSeconds.length, limitSeconds);
  return {
    runtime: { name: "LiteRT.js", version: null, kind: "wasm", description: "WASM with XNNPACK in Node, one thread" },
    settings: { ...shortened, threads: 1 },
    latency: {
      loadSeconds: result.loadSeconds,
      firstRunSeconds: result.firstSeconds,
      statistics: latencyStatistics(result.runSeconds),
      runSeconds: result.runSeconds,
    },
    layers: { reason: "LiteRT.js does not tell what each layer takes." },
    memory: { peakBytes: result.peakBytes, baselineBytes: result.baselineBytes },
    outputs: compareOutputs(prepared.outputs, result.outputs, prepared.skipped),
    notes,
  };
}

function settingsOf({ dimensions, description }: PreparedRun, options: RunOptions): RunResult["settings"] {
  const { threads = Math.min(DEFAULT_THREADS, availableParallelism()) } = options;
  return {
    threads,
    warmUpRuns: options.warmUpRuns ?? DEFAULT_WARM_UP_RUNS,
    runs: options.runs ?? DEFAULT_RUNS,
    dimensions,
    inputs: description,
    cores: null,
    delegate: null,
  };
}

/** A slow model is timed less often than asked for, which is said. */
function shortenedTo(
  settings: RunResult["settings"],
  runs: number,
  limitSeconds: number,
): readonly [RunResult["settings"], readonly string[]] {
  if (runs >= settings.runs) return [settings, []];
  const note = `Timed ${runs} times instead of ${settings.runs}, to stay within ${limitSeconds} seconds.`;
  return [{ ...settings, runs }, [note]];
}
