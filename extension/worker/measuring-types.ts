import type { ModelObservation, RunResult } from "../../profiler/device/index.ts";
import type { HardwareProfile } from "../../profiler/index.ts";
import type { ListedDevice } from "../../webview/protocol/running.ts";
import type { Failure } from "../../webview/protocol/rpc.ts";

/** A device by its id, and how to reach it. */
export interface DeviceAddress {
  /** HOST_DEVICE, or a serial. */
  readonly device: string;
  /** The adb that the user's settings name; "" where they name none. */
  readonly adbPath: string;
  /** Google's `benchmark_model` that the user's settings name; "" where they name none. */
  readonly benchmarkModel: string;
}

/** What is connected at the moment. */
export interface ConnectedDevices {
  readonly devices: readonly ListedDevice[];
  readonly problem: Failure | null;
}

/** What a run says of the device's speed, kept with it. */
export interface KeptObservation {
  /** The rates that it is relative to. */
  readonly roofline: string;
  readonly observed: ModelObservation;
}

export interface MeasuredReply {
  readonly result: RunResult;
  readonly observation: KeptObservation | null;
}

export interface LearnedReply {
  readonly hardware: HardwareProfile;
  /** How far its estimates are from what was measured, as a sentence. */
  readonly error: string;
  readonly models: number;
}

/** The id of this machine. */
export const HOST_DEVICE = "host";
