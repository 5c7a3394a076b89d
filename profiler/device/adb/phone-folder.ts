import { DeviceError, RUN_AGAIN } from "../device-error.ts";
import type { AdbDevice, TiedCommand } from "./adb-device.ts";
import { pause } from "./pause.ts";
import { PHONE_TEMPORARY } from "./phone-facts/phone-facts.ts";
import { shellCommand } from "./shell-word.ts";

/** All that we put on a phone is in here. */
export const PHONE_FOLDER = `${PHONE_TEMPORARY}/edgewise`;

/** Whoever measures looks again so often whether it is free. */
const RETRY_SECONDS = 0.5;
/** Of EX_TEMPFAIL and EX_CANTCREAT in sysexits.h. */
const EXIT = { busy: 75, cannotWrite: 73 };
/** In the folder of a run that has put the phone into its fixed-performance mode. */
const FIXED_MARK = ".fixed-performance";
/** What was on its way when a connection was cut has been written then. */
const LATE_SECONDS = 2;

/** Android 11 and newer: clocks held at what the phone can keep up, where its vendor has made that. */
const FIXED_PERFORMANCE = "cmd power set-fixed-performance-mode-enabled";

/**
 * Keeps a folder of one run, named after its own process, for as long as its input stays open, and removes it then: whether we end it, are
 * killed, or the cable is pulled. adbd hangs up (SIGHUP) on what it has started when a connection is cut: that is no end yet, and what was
 * on its way may still be written then, so it looks twice. While one of these lives, the phone is taken: nobody measures beside another.
 * Folders whose keeper is gone, as after a restart of the phone, are swept up. The fixed-performance mode is its matter too, for the mode
 * must not outlive the run either.
 */
function keeperScript(fixesPerformance: boolean): string {
  return `
: edgewise-keeper
trap 'cut=1' HUP
cd ${PHONE_FOLDER} 2>/dev/null || { mkdir -p ${PHONE_FOLDER} && cd ${PHONE_FOLDER}; } || exit ${EXIT.cannotWrite}
mkdir -p runs/$$ || { rmdir runs/$$ 2>/dev/null; exit ${EXIT.cannotWrite}; }
slow() { ${FIXED_PERFORMANCE} false </dev/null >/dev/null 2>&1; }
for run in runs/*; do
  owner="\${run##*/}"
  [ "$owner" = $$ ] && continue
  if grep -q edgewise-keeper "/proc/$owner/cmdline" 2>/dev/null; then rmdir runs/$$; exit ${EXIT.busy}; fi
  [ -e "$run/${FIXED_MARK}" ] && slow
  rm -rf "$run"
done
fixed=
${fixesPerformance ? `: > "runs/$$/${FIXED_MARK}"; if ${FIXED_PERFORMANCE} true </dev/null >/dev/null 2>&1; then fixed=" fixed"; else rm -f "runs/$$/${FIXED_MARK}"; fi` : ":"}
echo "$PWD/runs/$$$fixed"
cat >/dev/null
trap '' HUP
[ -z "$fixed" ] || slow
rm -rf "runs/$$"
[ -z "$cut" ] || { sleep ${LATE_SECONDS}; rm -rf "runs/$$"; }
`;
}

export interface RunFolder {
  /** On the phone. */
  readonly path: string;
  /** Whether the phone is in its fixed-performance mode until then. */
  readonly isFixedPerformance: boolean;
  /** Removes it. */
  remove(): Promise<void>;
}

/**
 * Takes the phone and gives the folder for a run on it; waits while somebody else measures.
 * @param onBusy is told at every look that finds it taken
 * @param fixesPerformance also asks for the phone's fixed-performance mode, which it may not have
 */
export async function takePhone(
  device: AdbDevice,
  signal: AbortSignal | undefined,
  onBusy: () => void,
  fixesPerformance: boolean,
): Promise<RunFolder> {
  for (;;) {
    const keeper = await device.tied(keeperScript(fixesPerformance), signal);
    const [path = "", fixed] = keeper.firstLine.trim().split(" ");
    if (path.startsWith(`${PHONE_FOLDER}/runs/`))
      return { path, isFixedPerformance: fixed === "fixed", remove: () => keeper.end() };
    await refuse(device, keeper);
    onBusy();
    await pause(RETRY_SECONDS, signal);
  }
}

/** Removes everything of ours from a phone, the runtime too. */
export async function cleanUpPhone(device: AdbDevice, signal?: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await device.shell(shellCommand("rm", "-rf", PHONE_FOLDER), { signal });
  if (exitCode !== 0)
    throw new DeviceError("failed", `${device.serial}: ${PHONE_FOLDER} cannot be removed: ${stderr.trim()}`, {
      hint: `Restart the phone and try again, or remove it by hand: adb shell rm -rf ${PHONE_FOLDER}`,
    });
}

/** @throws {DeviceError} unless the phone is only taken */
async function refuse(
  device: AdbDevice,
  keeper: TiedCommand & { readonly exitCode: number | undefined },
): Promise<void> {
  await keeper.end();
  if (keeper.exitCode === EXIT.busy) return;
  if (keeper.exitCode === EXIT.cannotWrite)
    throw new DeviceError("no-space", `${device.serial}: nothing can be written to ${PHONE_TEMPORARY}`, {
      hint: "Free some space on the phone, or remove Edgewise's files with “Clean up phone”",
    });
  throw new DeviceError("failed", `${device.serial}: its shell ended unexpectedly`, { hint: RUN_AGAIN });
}
