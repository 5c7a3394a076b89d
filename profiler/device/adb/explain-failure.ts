import { formatBytes } from "../../format-numbers.ts";
import { DeviceError, MAY_NOT_START } from "../device-error.ts";
import type { DeviceFacts } from "../target.ts";
import type { AdbDevice } from "./adb-device.ts";
import { PHONE_TEMPORARY } from "./phone-facts/phone-facts.ts";
import { askAll } from "./phone-facts/sections.ts";

/** What a run was given, for the words on why it failed. */
export interface FailedRun {
  readonly device: AdbDevice;
  /** From before the run. */
  readonly facts: Pick<DeviceFacts, "availableBytes" | "memoryBytes">;
  /** In memory. */
  readonly modelBytes: number;
}

/** What only the phone knows of why a program of ours was ended or did not start, put into words. Other errors stay as they are. */
export async function explainFailure(error: unknown, run: FailedRun): Promise<unknown> {
  if (!(error instanceof DeviceError)) return error;
  if (error.problem === "killed") return explainKill(error, run);
  return error.problem === "not-executable" ? explainRefusal(error, run.device) : error;
}

const LOG_COMMAND = "logcat -d -t 2000 2>/dev/null | grep -iE 'lowmemorykiller|lmkd' | tail -n 1";

async function explainKill(error: DeviceError, { device, facts, modelBytes }: FailedRun): Promise<DeviceError> {
  const { log } = await askAll(device, { log: LOG_COMMAND }).catch(() => ({ log: "" }));
  const { availableBytes: free, memoryBytes: all } = facts;
  const had = [free !== null && `${formatBytes(free)} free`, all !== null && `${formatBytes(all)} in all`].filter(
    Boolean,
  );
  const memory = had.length === 0 ? "" : `, and the phone had ${had.join(" of ")}`;
  const said = log.trim() === "" ? "" : `. Its log: ${log.trim()}`;
  return new DeviceError(
    "killed",
    `${error.message}: by Android's low-memory killer, as it seems. The model alone is ${formatBytes(modelBytes)}${memory}${said}`,
    { hint: "Close other apps, or restart the phone; a smaller model, or int8 weights, need less", cause: error },
  );
}

const REFUSAL_COMMANDS = {
  // The mount that the folder is on is the longest of those that it begins with.
  mount: `df ${PHONE_TEMPORARY} 2>/dev/null | awk 'END { print $NF }' | while read -r at; do grep " $at " /proc/mounts; done`,
  selinux: "getenforce",
};

async function explainRefusal(error: DeviceError, device: AdbDevice): Promise<DeviceError> {
  const { mount, selinux } = await askAll(device, REFUSAL_COMMANDS).catch(() => ({ mount: "", selinux: "" }));
  const [, at = PHONE_TEMPORARY, , options = ""] = mount.trim().split("\n").at(-1)?.split(" ") ?? [];
  if (options.split(",").includes("noexec"))
    return new DeviceError(
      "not-executable",
      `${error.message}: ${at} is mounted without the right to execute (noexec)`,
      {
        hint: "The phone's system does not let adb's shell run programs: use a phone with another system image",
        cause: error,
      },
    );
  const isEnforcing = /^enforcing/i.test(selinux.trim());
  return new DeviceError(
    "not-executable",
    `${error.message}${isEnforcing ? ": SELinux, which is enforcing there, keeps adb's shell from executing it" : ""}`,
    { hint: MAY_NOT_START, cause: error },
  );
}
