import type { FormatId } from "../model/format.ts";
/**
 * One measured run of a model on a device, the same for every target. Plain JSON: it crosses threads, is kept in workspace storage and
 * printed by the CLI as it is. Times are seconds, sizes bytes, temperatures degrees Celsius, frequencies hertz, energies joules.
 * null means unknown, never zero; what could not be measured says why.
 */
export interface RunResult {
  /** Of this shape: a kept run of another one is not read as this one. */
  readonly version: typeof RUN_RESULT_VERSION;
  /** ISO 8601, when the run began. */
  readonly startedAt: string;
  readonly model: RunModel;
  readonly device: DeviceIdentity;
  readonly runtime: RuntimeIdentity;
  readonly settings: RunSettings;
  readonly latency: Latency;
  readonly layers: LayerTimes | NotMeasured;
  readonly memory: PeakResidentMemory | NotMeasured;
  readonly energy: Energy | NotMeasured;
  readonly conditions: {
    readonly before: Conditions;
    readonly after: Conditions;
    /** Looked at in between, in order; left out where the device is not asked meanwhile. */
    readonly during?: readonly ConditionsSample[];
  };
  /** What says that the device ran slower than it can, one line each: "thermal status rose from none to moderate". Empty: nothing did. */
  readonly throttling: readonly string[];
  readonly outputs: OutputCheck;
  /** What the reader should know of this run, one sentence each. */
  readonly notes: readonly string[];
}

export const RUN_RESULT_VERSION = 1;

/** Why there is no number. */
export interface NotMeasured {
  readonly reason: string;
}

export function isMeasured<T extends object>(value: T | NotMeasured): value is T {
  return !("reason" in value);
}

export interface RunModel {
  /** As the caller named it. */
  readonly file: string;
  /** Of a bundle or of a model with several entries what ran, where that is not what the file starts from by itself. */
  readonly part?: string;
  readonly format: FormatId;
  /** The model's file and its data files. */
  readonly fileBytes: number;
  /** SHA-256 of what ran, in hex: two runs with the same one ran the same model. */
  readonly sha256: string;
}

/** Which device, in what does not change from run to run. */
export interface DeviceIdentity {
  readonly kind: "host" | "android";
  /** Of adb; null for this machine. The same phone over Wi-Fi has another one. */
  readonly serial: string | null;
  /** "Google Pixel 8", "AMD EPYC 7B13" */
  readonly name: string;
  /** "Android 14 (API level 34)", "Linux 6.1.0" */
  readonly system: string;
  /** "Google Tensor G3" */
  readonly soc: string | null;
  /** "arm64-v8a", the preferred one first. */
  readonly abis: readonly string[];
  readonly cores: number | null;
  readonly memoryBytes: number | null;
}

/** What ran the model, and how. */
export interface RuntimeIdentity {
  /** "ONNX Runtime", "LiteRT.js", "benchmark_model" */
  readonly name: string;
  readonly version: string | null;
  /** "native" in an app's way; "wasm": WebAssembly, in a browser or in Node; "webgpu": a GPU, in a browser. */
  readonly kind: "native" | "wasm" | "webgpu";
  /** Where that matters: "WASM in Chrome", "XNNPACK delegate". */
  readonly description: string;
}

/** "TFLite 2.9.0 (CPU, XNNPACK)" */
export function runtimeText({ name, version, description }: RuntimeIdentity): string {
  return `${version === null ? name : `${name} ${version}`} (${description})`;
}

/** Everything that the numbers depend on and the user chose, with the values used. */
export interface RunSettings {
  readonly threads: number;
  readonly warmUpRuns: number;
  readonly runs: number;
  /** Every dynamic dimension by name. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** "seeded random (seed 0)", "digits.npy" */
  readonly inputs: string;
  /** Cores that the run was bound to; null: the system chose. */
  readonly cores: readonly number[] | null;
  /** Whether the phone's clocks were held at what it can keep up; left out where there is no such mode. */
  readonly fixedPerformance?: boolean;
  /** TFLite's: "xnnpack", "gpu", "nnapi"; null where there is none. */
  readonly delegate: string | null;
}

/** The latency that a user gets: all optimizations, nothing traced. */
export interface Latency {
  /** From the file to a model that is ready to run. */
  readonly loadSeconds: number | null;
  /** The very first inference, before any warm-up. */
  readonly firstRunSeconds: number | null;
  readonly statistics: LatencyStatistics;
  /** Every timed run, in order; empty where the runtime tells only statistics. */
  readonly runSeconds: readonly number[];
}

/** Of the timed runs. */
export interface LatencyStatistics {
  readonly runs: number;
  readonly median: number;
  readonly mean: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Nearest-rank percentiles; null where the runtime does not tell them. */
  readonly p90: number | null;
  readonly p99: number | null;
  /** Of the sample (n − 1): the noise. 0 for one run. */
  readonly standardDeviation: number;
}

/**
 * Each layer's share, from a run of its own with the runtime's profiler on: of ONNX Runtime with the optimizations that the latency has,
 * unless others are asked for; of TFLite one operator at a time.
 *
 * The seconds of `rows` and `unmapped` add up to `totalSeconds`.
 */
export interface LayerTimes {
  /** "all", "extended" or "basic" for ONNX Runtime; the runtime's own word elsewhere. */
  readonly optimization: string;
  /** Profiled runs that the times are means of: the quicker half, for what disturbs a run only ever adds to it. */
  readonly runs: number;
  /** Of one whole inference by the runtime's profiler, what it spends between operators included. */
  readonly totalSeconds: number;
  readonly rows: readonly RowTime[];
  readonly unmapped: readonly UnmappedTime[];
}

export interface RowTime {
  /** `LayerProfile.index` of the row that ran: of those that one operator computes, the one of its kind, else the most expensive. */
  readonly layer: number;
  /** The row's own, so that a run is understood without the model: `LayerProfile.name` and `op`. */
  readonly name: string;
  readonly op: string;
  readonly seconds: number;
  /** Half the distance between the quartiles of all profiled runs, the slower half of them too: the noise. null for few runs, and where only means are told. */
  readonly spread: number | null;
  /** Further rows computed by the same operators, folded or fused into them: their time is in `seconds`. */
  readonly fused: readonly number[];
  /** The runtime's names of what ran. */
  readonly operators: readonly string[];
}

/** Time that belongs to no row. */
export interface UnmappedTime {
  /** The runtime's name of the operator, or what the time went into. */
  readonly name: string;
  readonly op: string | null;
  readonly seconds: number;
  readonly reason: string;
}

export interface PeakResidentMemory {
  /** Largest resident set of the process that ran the model (VmHWM): model, runtime and C library. */
  readonly peakBytes: number;
  /** Resident when the runtime was loaded, before the model was; null where not told. */
  readonly baselineBytes: number | null;
  /** Where it is something else: "what benchmark_model's process grew by, as it tells". */
  readonly meaning?: string;
}

/** Energy above idle, from the device's power rails (ODPM). */
export interface Energy {
  readonly joulesPerInference: number;
  readonly rails: readonly RailEnergy[];
  /** Of the loop that was measured. */
  readonly seconds: number;
  readonly inferences: number;
  /** Of the idle baseline that was subtracted. */
  readonly idleSeconds: number;
}

export interface RailEnergy {
  readonly name: string;
  /** "CPU", "Memory": what the rail feeds; null where the device does not tell. */
  readonly subsystem: string | null;
  readonly idleWatts: number;
  readonly loadedWatts: number;
  readonly joulesPerInference: number;
}

/** What the device was like beside the run. */
export interface Conditions {
  readonly thermalStatus: ThermalStatus | null;
  readonly temperatures: readonly { readonly sensor: string; readonly celsius: number }[];
  readonly cores: readonly CoreFrequency[];
  readonly battery: BatteryState | null;
}

/** A look at the device while the model runs. */
export interface ConditionsSample {
  /** Since the measuring began. */
  readonly seconds: number;
  readonly thermalStatus: ThermalStatus | null;
  /** Of the hottest sensor. */
  readonly celsius: number | null;
  readonly cores: readonly CoreClock[];
}

export interface CoreClock {
  readonly core: number;
  readonly hertz: number | null;
  /** What the system allows at this moment. */
  readonly limitHertz: number | null;
}

/** Android's `PowerManager.THERMAL_STATUS_…`, coolest first. */
export const THERMAL_STATUSES = ["none", "light", "moderate", "severe", "critical", "emergency", "shutdown"] as const;
export type ThermalStatus = (typeof THERMAL_STATUSES)[number];

export interface CoreFrequency {
  readonly core: number;
  readonly isOnline: boolean;
  readonly hertz: number | null;
  /** What the hardware can do. */
  readonly maximumHertz: number | null;
  /** What the system allows at this moment: below the maximum it throttles, or saves energy. */
  readonly limitHertz: number | null;
}

export interface BatteryState {
  /** 0 to 1. */
  readonly level: number | null;
  readonly celsius: number | null;
  readonly isPluggedIn: boolean | null;
}

/** The device's outputs against this machine's on the same inputs. */
export interface OutputCheck {
  /**
   * "equal": within `tolerance` at every output that was compared. "differs": the latency is that of a wrong result, or of one that
   * rounds otherwise. "not-compared": there was nothing to compare with, and `outputs` say why.
   */
  readonly verdict: "equal" | "differs" | "not-compared";
  /** Largest difference that rounding explains, relative to the output's range. */
  readonly tolerance: number;
  readonly outputs: readonly ComparedOutput[];
}

export interface ComparedOutput {
  readonly name: string;
  /** Largest absolute difference; null where it is not finite or nothing was compared. */
  readonly maxAbsolute: number | null;
  /** `maxAbsolute` relative to the range of this machine's output. */
  readonly maxRelative: number | null;
  readonly isEqual: boolean;
  /** Why nothing was compared, or what is unlike beside the numbers. */
  readonly reason?: string;
}
