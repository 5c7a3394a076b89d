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

/** A device cannot be reached, or cannot run the model; the hint says what to do next, always. */
export class DeviceError extends EdgewiseError {
  readonly code = "device";

  constructor(
    readonly problem: DeviceProblem,
    message: string,
    options: { hint: string; cause?: unknown },
  ) {
    super(message, options);
  }
}

/** What a user can do about faults that more than one program has. */
export const RUN_AGAIN =
  "Run it again; if it stays so, please report it with what the log says (“Edgewise” among VS Code's outputs)";
export const OTHER_RUNTIME =
  "The runtime itself ended, which another one may not: name one with --runtime, or measure on another device";
export const FREE_MEMORY = "Close other programs; a smaller model, a smaller batch, or int8 weights, need less memory";
export const MAY_NOT_START =
  "Managed phones do not run programs that adb brings: use one without a work profile or a vendor's lock";
export const NEWER_PHONE = "Use a phone with a newer Android";
export const REINSTALL = "Install Edgewise anew: a program of it is missing, or may not be started";

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
