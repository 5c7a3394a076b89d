import { DeviceError } from "../device-error.ts";
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

/**
 * Keeps a folder of one run, named after its own process, for as long as its input stays open, and removes it then: whether we end it, are
 * killed, or the cable is pulled. While one of these lives, the phone is taken: nobody measures beside another. Folders whose keeper is
 * gone, as after a restart of the phone, are swept up.
 */
const KEEPER = `
: edgewise-keeper
cd ${PHONE_FOLDER} 2>/dev/null || { mkdir -p ${PHONE_FOLDER} && cd ${PHONE_FOLDER}; } || exit ${EXIT.cannotWrite}
mkdir -p runs/$$ || { rmdir runs/$$ 2>/dev/null; exit ${EXIT.cannotWrite}; }
for run in runs/*; do
  owner="\${run##*/}"
  [ "$owner" = $$ ] && continue
  if grep -q edgewise-keeper "/proc/$owner/cmdline" 2>/dev/null; then rmdir runs/$$; exit ${EXIT.busy}; fi
  rm -rf "$run"
done
echo "$PWD/runs/$$"
cat >/dev/null
rm -rf "runs/$$"
`;

export interface RunFolder {
  /** On the phone. */
  readonly path: string;
  /** Removes it. */
  remove(): Promise<void>;
}

/**
 * Takes the phone and gives the folder for a run on it; waits while somebody else measures.
 * @param onBusy is told at every look that finds it taken
 */
export async function takePhone(
  device: AdbDevice,
  signal: AbortSignal | undefined,
  onBusy: () => void,
): Promise<RunFolder> {
  for (;;) {
    const keeper = await device.tied(KEEPER, signal);
    const path = keeper.firstLine.trim();
    if (path.startsWith(`${PHONE_FOLDER}/runs/`)) return { path, remove: () => keeper.end() };
    await refuse(device, keeper);
    onBusy();
    await pause(RETRY_SECONDS, signal);
  }
}

/** Removes everything of ours from a phone, the runtime too. */
export async function cleanUpPhone(device: AdbDevice, signal?: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await device.shell(shellCommand("rm", "-rf", PHONE_FOLDER), { signal });
  if (exitCode !== 0)
    throw new DeviceError("failed", `${device.serial}: ${PHONE_FOLDER} cannot be removed: ${stderr.trim()}`);
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
  throw new DeviceError("failed", `${device.serial}: its shell ended unexpectedly`);
}
