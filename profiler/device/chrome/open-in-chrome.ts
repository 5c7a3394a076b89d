import type { AdbDevice } from "../adb/adb-device.ts";
import { shellCommand } from "../adb/shell-word.ts";
import { DeviceError } from "../device-error.ts";

/** Of every channel's Chrome, the one that phones come with. */
const CHROME = "com.android.chrome";
/** Of an answer that we do not know: enough to search for. */
const QUOTED_CHARACTERS = 200;

/**
 * Opens an address in the phone's Chrome.
 * @throws {DeviceError} with what to do, when the phone does not
 */
export async function openInChrome(device: AdbDevice, url: string, signal?: AbortSignal): Promise<void> {
  const command = shellCommand("am", "start", "-a", "android.intent.action.VIEW", "-p", CHROME, "-d", url);
  const { stdout, stderr, exitCode } = await device.shell(command, { signal });
  const problem = problemOf(`${stdout}\n${stderr}`, exitCode);
  if (problem !== undefined)
    throw new DeviceError(problem.kind, `${device.serial}: ${problem.message}`, { hint: problem.hint });
}

interface OpeningProblem {
  readonly kind: "unsupported" | "failed";
  readonly message: string;
  readonly hint: string;
}

/** What `am start` answers, which exits with 0 whatever comes of it. */
export function problemOf(answer: string, exitCode: number): OpeningProblem | undefined {
  if (exitCode === 127 || /\bam: (?:not found|inaccessible|No such file)/.test(answer))
    return {
      kind: "unsupported",
      message: "it has no activity manager, so Chrome cannot be opened on it",
      hint: "TFLite models run on Android phones; name a benchmark_model to run them natively",
    };
  if (/unable to resolve Intent|Activity class .* does not exist/i.test(answer))
    return {
      kind: "unsupported",
      message: "it has no Chrome, or Chrome is disabled",
      hint: "Install or enable Chrome on the phone, or name a benchmark_model to run TFLite models natively",
    };
  const isOpened = /^Starting: Intent/m.test(answer);
  const isRefused = /^(?:Error|Exception|Security exception)\b|SecurityException|Permission Denial/m.test(answer);
  if (isOpened && !isRefused) return undefined;
  const said = answer.replaceAll(/\s+/g, " ").trim().slice(0, QUOTED_CHARACTERS);
  return {
    kind: "failed",
    message: `Chrome was not opened: ${said === "" ? `exit code ${exitCode}` : said}`,
    hint: "Unlock the phone and try again",
  };
}
