import type { AdbDevice } from "../adb/adb-device.ts";
import { DeviceError } from "../device-error.ts";
import type { RunPhase } from "../target.ts";
import { LoopbackServer } from "./loopback-server.ts";
import { openInChrome } from "./open-in-chrome.ts";
import type { PageConversation } from "./page-conversation.ts";
import type { PageResult } from "./page-result.ts";

/** Between the intent and the page's first question: a cold start of Chrome on a slow phone. */
const OPENING_SECONDS = 60;

interface ChromeSession {
  readonly device: AdbDevice;
  readonly signal: AbortSignal | undefined;
  /** @throws {DeviceError} when the time is over */
  readonly remainingSeconds: () => number;
  readonly report: (phase: RunPhase) => void;
}

/**
 * Serves a page to the phone's Chrome through a tunnel and waits for what it says. Nothing but the tunnel is set up on the phone.
 * @throws {DeviceError} when Chrome does not open it, or the phone is gone
 * @throws {RunError} with the runtime's reason when the page fails
 */
export async function converse(conversation: PageConversation, session: ChromeSession): Promise<PageResult> {
  const { device, signal, report } = session;
  const { page, opened, result } = conversation;
  const server = await LoopbackServer.start(page);
  try {
    report("pushing-model");
    const tunnel = await device.reverse(server.port, signal);
    try {
      await openInChrome(device, server.url(tunnel.port), signal);
      const limit = Math.min(OPENING_SECONDS, session.remainingSeconds());
      await device.whileConnected("opening Chrome", limit, opened, signal).catch((error: unknown) => {
        throw isTimeLimit(error) ? notOpened(device, error) : error;
      });
      report("latency");
      return await device.whileConnected("the run in Chrome", session.remainingSeconds(), result, signal);
    } finally {
      // A phone that is gone has no tunnel any more; what went wrong before is what the caller should hear of.
      await tunnel.remove().catch(() => undefined);
    }
  } finally {
    await server.close();
  }
}

function notOpened({ serial }: AdbDevice, cause: unknown): DeviceError {
  return new DeviceError("failed", `${serial}: Chrome did not load the page that runs the model`, {
    hint: "Unlock the phone, keep Chrome in front, and answer its first-start questions if it asks any",
    cause,
  });
}

function isTimeLimit(error: unknown): boolean {
  return error instanceof DeviceError && error.problem === "time-limit";
}
