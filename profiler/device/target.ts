import type { LayerProfile } from "../profile.ts";
import type { CalibrationSpec } from "../calibration/spec.ts";
import type { Model } from "../model/model.ts";
import type { ProfiledLevel } from "./profiled-level.ts";
import type { BatteryState, DeviceIdentity, RunResult } from "./run-result.ts";

/** A device that models run on: a phone at adb, or this machine. */
export interface Target {
  /**
   * What the device is and how it is at this moment.
   * @throws {DeviceError} when it cannot be reached
   */
  describe(signal?: AbortSignal): Promise<DeviceFacts>;
  /**
   * Measures a model. Runs on one device queue; nothing stays behind on it, whatever happens.
   * @throws {DeviceError} when the device cannot run it, or is gone; the message says what to do
   * @throws {RunError} when the runtime refuses the model, or the inputs do not fit
   * @throws the signal's reason when it aborts
   */
  run(model: MeasuredModel, options: RunOptions, control?: RunControl): Promise<RunResult>;
}

/** A model to measure, edited or not, with the rows that its times are mapped to. */
export interface MeasuredModel {
  readonly model: Model;
  /** Rows of the table: a profile's `layers`. */
  readonly layers: readonly LayerProfile[];
}

/** Plain data: settings, command lines and messages hold it. */
export interface RunOptions {
  /** Threads that share an operator; `DEFAULT_THREADS`, but no more than the device has cores, when left out. */
  readonly threads?: number;
  /** Runs before those that are timed. */
  readonly warmUpRuns?: number;
  /** Runs that are timed. */
  readonly runs?: number;
  /** Sizes of dynamic dimensions by name; 1 when left out. */
  readonly dimensions?: Readonly<Record<string, number>>;
  /** What the model is run on: its first sample, or as many as the batch takes. Seeded random when left out. */
  readonly calibration?: CalibrationSpec;
  /** Cores to bind the run to, where the device allows it; "big": those that are faster than its slowest ones. */
  readonly cores?: readonly number[] | typeof BIG_CORES;
  /** Hold a phone's clocks at what it can keep up while it measures (Android 11 and newer); where the phone can, unless this is false. */
  readonly fixedPerformance?: boolean;
  /** What `benchmark_model` hands a TFLite model's layers to; its own default, the CPU, when left out. */
  readonly delegate?: TfliteDelegate;
  /** Where a vendor's libraries lie on the phone: QNN's delegate itself, or the folder of an NPU's. */
  readonly delegateLibrary?: string;
  /** What an external delegate is told: "backend_type:htp". */
  readonly delegateOptions?: string;
  /** Optimizations of ONNX Runtime under which layers are profiled; all, as the latency has them, when left out. */
  readonly layersAt?: ProfiledLevel;
  /** What runs a model, of those that could; `benchmark_model` where one is named, else TFLite itself when left out. */
  readonly runtime?: TfliteRuntime;
  /** Also measure energy, where the device has power rails: takes half a minute more. */
  readonly measuresEnergy?: boolean;
  /** A run that takes longer is ended with an error; `DEFAULT_TIME_LIMIT` when left out. */
  readonly timeLimitSeconds?: number;
}

/** TFLite's own runtime, or LiteRT.js, in a phone's Chrome or in this program; "webgpu", of both formats: the GPU of a phone in its Chrome. */
export const TFLITE_RUNTIMES = ["tflite", "litert", "webgpu"] as const;
export type TfliteRuntime = (typeof TFLITE_RUNTIMES)[number];

/** NNAPI is deprecated since Android 15; npu is LiteRT 2's, qnn Qualcomm's own delegate. */
export const TFLITE_DELEGATES = ["xnnpack", "gpu", "npu", "qnn", "nnapi"] as const;
export type TfliteDelegate = (typeof TFLITE_DELEGATES)[number];

export const BIG_CORES = "big";

/** What phones run models with: more threads than big cores wait for the little ones. */
export const DEFAULT_THREADS = 4;

export const DEFAULT_WARM_UP_RUNS = 3;
/** Enough for a p90 that means something. */
export const DEFAULT_RUNS = 50;
/** Of all measuring on a device, pushing left out. A model of seconds an inference is asked for fewer runs. */
export const DEFAULT_TIME_LIMIT = 600;

export interface RunControl {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TargetProgress) => void;
}

/** In this order; a target passes over those that it does not have. */
export const RUN_PHASES = [
  "queued",
  "preparing",
  "pushing-runtime",
  "pushing-model",
  "latency",
  "layers",
  "energy",
  "comparing",
  "cleaning-up",
] as const;
export type RunPhase = (typeof RUN_PHASES)[number];

export interface TargetProgress {
  readonly phase: RunPhase;
  /** Bytes where something is pushed, runs where something is timed; left out where the phase does not tell. */
  readonly done?: number;
  readonly total?: number;
}

/** What a picker shows of a device. */
export interface DeviceFacts extends DeviceIdentity {
  /** Where models are put. */
  readonly freeBytes: number | null;
  readonly battery: BatteryState | null;
  /** Of the processor, else of the battery. */
  readonly celsius: number | null;
  /** Of Android: 34 for Android 14. */
  readonly apiLevel: number | null;
  /** Memory that programs could still take. */
  readonly availableBytes: number | null;
  /** Cores that are faster than the slowest ones; empty where all are alike, or the device does not tell. */
  readonly bigCores: readonly number[];
}
