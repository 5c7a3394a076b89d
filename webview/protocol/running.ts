import type { DeviceFacts, RunOptions, TargetProgress } from "../../profiler/device/target.ts";
import type { RunResult } from "../../profiler/device/run-result.ts";
import type { Contract, Failure } from "./rpc.ts";

/** What the page and the extension host say to each other about running the model on a device. */

/** A device that the model can be run on, or that something keeps it from. */
export interface ListedDevice {
  /** "host" for this machine, else adb's serial. */
  readonly id: string;
  readonly name: string;
  /** What it says of itself; null until it has been asked, and while something is wrong. */
  readonly facts: DeviceFacts | null;
  /** Why nothing can be run on it, and what to do: unauthorized, offline, no permissions. */
  readonly problem: Failure | null;
}

export interface DeviceList {
  readonly devices: readonly ListedDevice[];
  /** Why no phone can be found: there is no adb, or its server does not answer. */
  readonly problem: Failure | null;
  /** The one that the user runs on: the last chosen, else the first that is ready. */
  readonly chosen: string;
  /** Whether the user has named a `benchmark_model`, which runs TFLite models on phones and knows delegates. */
  readonly hasBenchmarkModel: boolean;
}

/** A run that is kept with the workspace. */
export interface KeptRun {
  readonly id: string;
  readonly result: RunResult;
  /** Edits that were in force, as the history calls them; none: the file as it was. */
  readonly edits: readonly string[];
  /** Estimate of the whole model at that time, seconds; null: unknown. */
  readonly estimate: number | null;
}

/** A kept run of another model, as a list names it. */
export interface OtherRun {
  readonly id: string;
  /** The model's file. */
  readonly model: string;
  readonly startedAt: string;
  readonly device: string;
  readonly edits: readonly string[];
  /** Seconds. */
  readonly median: number;
}

/** A run under way. */
export interface RunningState {
  readonly device: string;
  readonly deviceName: string;
  /** In a sweep over threads. */
  readonly threads?: number;
  readonly progress: TargetProgress;
}

export interface RunsState {
  readonly devices: DeviceList;
  readonly options: RunOptions;
  readonly running: RunningState | null;
  /** Why the last run was given up, until the next one. */
  readonly failure: Failure | null;
  /** Of this model, the newest first. */
  readonly runs: readonly KeptRun[];
  /** The run whose times stand beside the estimates; null: none. */
  readonly shown: string | null;
}

export interface RunningContract extends Contract {
  readonly requests: {
    /** Devices are in sight from now on: adb, which is not troubled before, is asked for them. */
    readonly watchDevices: { readonly params: null; readonly result: null };
    readonly chooseDevice: { readonly params: { readonly device: string }; readonly result: null };
    readonly setRunOptions: { readonly params: { readonly options: RunOptions }; readonly result: null };
    /** Measures the shown model on the chosen device; settled when it is done. "device" or "run" when it fails. */
    readonly startRun: { readonly params: null; readonly result: null };
    /** The same with several numbers of threads, one run after the other; the fastest is shown. Cancelling ends all of it. */
    readonly sweepThreads: { readonly params: null; readonly result: null };
    readonly cancelRun: { readonly params: null; readonly result: null };
    readonly showRun: { readonly params: { readonly run: string | null }; readonly result: null };
    readonly deleteRun: { readonly params: { readonly run: string }; readonly result: null };
    /** Runs of the workspace's other models, the newest first. */
    readonly listOtherRuns: { readonly params: null; readonly result: readonly OtherRun[] };
    /** One of them; null when it is not there any more. */
    readonly readOtherRun: { readonly params: { readonly run: string }; readonly result: KeptRun | null };
    /** A hardware profile of the shown run's device, from all runs there. VS Code tells what came of it. */
    readonly learnLatency: { readonly params: null; readonly result: null };
    /** Removes what Edgewise keeps on the chosen phone: the runner and models that were left. VS Code tells how that went. */
    readonly cleanUpDevice: { readonly params: null; readonly result: null };
  };
  readonly events: {
    readonly runs: RunsState;
    /** How far the run under way is: many times a second, while nothing else changes. */
    readonly running: RunningState;
  };
}
