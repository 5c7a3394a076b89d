import type { ListedDevice } from "../../webview/protocol-running.ts";
import type { Failure } from "../../webview/rpc.ts";

/** A device by its id, and how to reach it. */
export interface DeviceAddress {
  /** HOST_DEVICE, or a serial. */
  readonly device: string;
  /** The adb that the user's settings name; "" where they name none. */
  readonly adbPath: string;
}

/** What is connected at the moment. */
export interface ConnectedDevices {
  readonly devices: readonly ListedDevice[];
  readonly problem: Failure | null;
}

/** The id of this machine. */
export const HOST_DEVICE = "host";
