import { AdbServerClient } from "@yume-chan/adb";
import { isReady, parseDeviceList, type ListedDevice } from "./listed-device.ts";

const LOOK_SECONDS = 2;

/** The library's client of an adb server, and what it lacks: questions that can be given up, and adb's list of devices, followed. */
export class TrackingClient extends AdbServerClient {
  /** @param signal closes the connection: one that stays open keeps this process waiting for an answer that nobody wants any more */
  async ask(request: string, signal?: AbortSignal): Promise<string> {
    const connection = await this.createConnection(request, signal && { signal });
    const close = (): void => void connection.dispose();
    signal?.addEventListener("abort", close, { once: true });
    try {
      return await connection.readString();
    } finally {
      signal?.removeEventListener("abort", close);
      await connection.dispose();
    }
  }

  /**
   * Tells the devices now and whenever their list changes, until the connection ends, as it does when the signal aborts. adb tells what comes and
   * goes at once, but not always that a phone over the network has fallen silent: so it is asked too.
   */
  async follow(onDevices: (devices: readonly ListedDevice[]) => void, signal?: AbortSignal): Promise<never> {
    const connection = await this.createConnection("host:track-devices-l", { unref: true });
    let last: string | undefined;
    const tell = (answer: string): void => {
      if (answer !== last) onDevices(parseDeviceList(answer));
      last = answer;
    };
    const look = (): void => void this.ask("host:devices-l").then(tell, () => undefined);
    const timer = setInterval(look, LOOK_SECONDS * 1000).unref();
    const close = (): void => void connection.dispose();
    signal?.addEventListener("abort", close, { once: true });
    if (signal?.aborted === true) close();
    try {
      for (;;) tell(await connection.readString());
    } finally {
      clearInterval(timer);
      signal?.removeEventListener("abort", close);
      await connection.dispose();
    }
  }

  /**
   * Ends when the server lists the connection to a device no more, or as one that does not answer. The library would ask
   * `wait-for-any-disconnect`: adb 29, which Debian has, keeps a processor core busy for a second when nobody waits for that any more, as behind
   * each run.
   */
  override waitForDisconnect(transportId: bigint, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const ending = new AbortController();
      signal?.addEventListener("abort", () => ending.abort(), { once: true });
      this.follow((devices) => {
        if (devices.some((device) => device.transportId === transportId && isReady(device))) return;
        ending.abort();
        resolve();
      }, ending.signal).catch(reject);
    });
  }
}
