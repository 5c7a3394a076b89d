import { EdgewiseError } from "../errors.ts";

/** What is wrong with a device, for programs; the message says it to the user, the hint what to do. */
export type DeviceProblem =
  | "no-adb"
  | "no-server"
  | "no-device"
  | "several-devices"
  | "unauthorized"
  | "offline"
  | "no-permissions"
  | "unusable-state"
  | "gone"
  | "unsupported"
  | "no-space"
  | "no-runtime"
  | "time-limit"
  | "crashed"
  | "killed"
  | "not-executable"
  | "failed";

/** A device cannot be reached, or cannot run the model. */
export class DeviceError extends EdgewiseError {
  readonly code = "device";

  constructor(
    readonly problem: DeviceProblem,
    message: string,
    options: { hint?: string; cause?: unknown } = {},
  ) {
    super(message, options);
  }
}

export function noSpace(serial: string, cause?: unknown): DeviceError {
  return new DeviceError("no-space", `${serial} has no space left`, {
    hint: "Free some space on the phone, or remove Edgewise's files with “Clean up phone”",
    cause,
  });
}
