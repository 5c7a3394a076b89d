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

/** What was to run a model ran nothing of it: its latency would be that of the CPU. */
export class DelegateError extends EdgewiseError {
  readonly code = "device";

  /** @param told what the program said of delegates, sentences */
  constructor(device: string, program: string, delegate: string, told: readonly string[]) {
    const said = told.length === 0 ? "" : `. ${told.join(" ").replace(/\.$/, "")}`;
    super(`${device}: ${delegate} ran nothing of the model in ${program}: its latency would be the CPU's${said}`, {
      hint: "Look in the program's log for what the delegate lacks, or measure the CPU: --delegate xnnpack",
    });
  }
}

export function noSpace(serial: string, cause?: unknown): DeviceError {
  return new DeviceError("no-space", `${serial} has no space left`, {
    hint: "Free some space on the phone, or remove Edgewise's files with “Clean up phone”",
    cause,
  });
}
