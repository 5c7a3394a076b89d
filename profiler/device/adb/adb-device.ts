import type { Adb } from "@yume-chan/adb";
import { ReadableStream, type MaybeConsumable } from "@yume-chan/stream-extra";
import { EdgewiseError } from "../../errors.ts";
import { DeviceError, NEWER_PHONE, noSpace } from "../device-error.ts";
import type { ByteSource } from "../../bytes/byte-source.ts";
import { orAborted, within } from "../interruption.ts";
import { isEmulatorSerial } from "./listed-device.ts";
import { readLines, readText } from "./text-stream.ts";

export interface ShellAnswer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface ShellOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limitSeconds?: number;
  /** Gets each line of standard error as it comes. */
  readonly onErrorLine?: (line: string) => void;
}

/** A command that goes on until its input is closed, or the device is gone. */
export interface TiedCommand {
  /** The first line it says. */
  readonly firstLine: string;
  /** Closes its input and waits until it has ended. */
  end(): Promise<void>;
}

export interface PushOptions {
  readonly signal?: AbortSignal | undefined;
  /** Permission bits; 0o644 when left out. */
  readonly mode?: number;
  readonly onSent?: (bytes: number) => void;
}

/** A port of the device's loopback that leads to this machine's. */
export interface ReversedPort {
  readonly port: number;
  remove(): Promise<void>;
}

/** Ordinary commands of a phone's shell: `dumpsys` of a busy one takes seconds. */
const SHELL_SECONDS = 30;
/** Nothing that is asked of a phone answers with more, or it is not what was asked. */
const MOST_ANSWER_BYTES = 16 * 2 ** 20;
/** A push that gets no further for so long has lost its device. */
const STALL_SECONDS = 20;
const CHUNK_BYTES = 2 ** 20;
/** What is on its way when a push is cancelled arrives within so long, or is not waited for. */
const CUT_OFF_SECONDS = 3;

/** One connected device. Every call ends within seconds when the device is gone. */
export class AdbDevice {
  readonly #gone = new AbortController();

  /** @param closeAll closes the connections that the library knows nothing of yet too */
  constructor(
    private readonly adb: Adb,
    readonly serial: string,
    private readonly closeAll: () => void,
  ) {
    const end = (): void => this.#gone.abort(this.#goneError());
    adb.disconnected.then(end, end);
  }

  /** Whether adb lists it as one of Android's own emulators, by the port that they have. */
  get isEmulator(): boolean {
    return isEmulatorSerial(this.serial);
  }

  /**
   * Runs a command and waits for its end.
   * @param command every word of it from `shellWord`
   * @throws {DeviceError} when the device is gone, or the limit passes
   * @throws the signal's reason when it aborts: the command's input closes then
   */
  async shell(command: string, options: ShellOptions = {}): Promise<ShellAnswer> {
    const { signal, limitSeconds = SHELL_SECONDS, onErrorLine = () => undefined } = options;
    return within(`a command on ${this.serial}`, limitSeconds, signal, async (ending) => {
      const process = await this.#spawn(command, ending);
      try {
        const answer = Promise.all([
          readText(process.stdout, MOST_ANSWER_BYTES),
          readLines(process.stderr, MOST_ANSWER_BYTES, onErrorLine),
          process.exited,
        ]);
        const [stdout, stderr, exitCode] = await this.#orGone(answer, ending);
        return { stdout, stderr, exitCode };
      } finally {
        await process.kill();
      }
    });
  }

  /**
   * Starts a command that says one line and then waits for the end of its input, which comes whatever happens to us: a closed
   * connection, a dead server and an unplugged cable end it too.
   */
  async tied(command: string, signal?: AbortSignal): Promise<TiedCommand & { readonly exitCode: number | undefined }> {
    return within(`a command on ${this.serial}`, SHELL_SECONDS, signal, async (ending) => {
      const process = await this.#spawn(command, ending);
      const reader = process.stdout.getReader();
      let said = "";
      const decoder = new TextDecoder();
      let exitCode: number | undefined;
      const exited = process.exited.then(
        (code) => void (exitCode = code),
        () => undefined,
      );
      try {
        while (!said.includes("\n")) {
          const { done, value } = await this.#orGone(reader.read(), ending);
          if (done) break;
          said += decoder.decode(value, { stream: true });
        }
        if (!said.includes("\n")) await exited;
      } catch (error) {
        await process.kill();
        throw error;
      }
      const end = async (): Promise<void> => {
        await process.stdin.close().catch(() => undefined);
        await Promise.race([exited, this.adb.disconnected.catch(() => undefined)]);
        await process.kill();
      };
      return { firstLine: said.split("\n")[0] ?? "", exitCode, end };
    });
  }

  /**
   * Writes a file, its folders included. One that is cancelled is cut off, so that the phone is done with it when this ends.
   * @throws {DeviceError} "no-space" when the device is full
   */
  async push(path: string, source: ByteSource, options: PushOptions = {}): Promise<void> {
    const { signal, mode = 0o644, onSent } = options;
    const cutOff = delayed(signal, CUT_OFF_SECONDS);
    try {
      await this.#syncing(cutOff.signal, async (alive) => {
        const sync = await this.adb.sync();
        try {
          const { stream, failed } = chunksOf(source, signal, (bytes) => {
            alive();
            onSent?.(bytes);
          });
          await Promise.race([sync.write({ filename: path, file: stream, permission: mode }), failed]);
        } finally {
          await sync.dispose();
        }
      });
    } finally {
      cutOff.end();
    }
    signal?.throwIfAborted();
  }

  /**
   * Reads a file.
   * @param mostBytes a larger one is refused
   */
  async pull(path: string, mostBytes: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#syncing(signal, async (alive) => {
      const sync = await this.adb.sync();
      const parts: Uint8Array[] = [];
      let size = 0;
      try {
        const reader = sync.read(path).getReader();
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          alive();
          size += value.length;
          if (size > mostBytes)
            throw new DeviceError("failed", `${path} is larger than the ${mostBytes} bytes expected`, {
              hint: "Run again; if it stays so, remove what Edgewise left there with “Clean up phone”",
            });
          parts.push(value);
        }
      } finally {
        await sync.dispose();
      }
      return Buffer.concat(parts);
    });
  }

  /**
   * Makes a port of this machine's loopback reachable on the device's.
   * @throws {DeviceError} when the device is too old, or refuses
   */
  async reverse(localPort: number, signal?: AbortSignal): Promise<ReversedPort> {
    const { reverse } = this.adb;
    const address = await within(`a tunnel to ${this.serial}`, SHELL_SECONDS, signal, (ending) =>
      this.#orGone(reverse.addExternal("tcp:0", `tcp:${localPort}`), ending),
    );
    const port = Number(address.replace("tcp:", ""));
    if (!(port > 0))
      throw new DeviceError(
        "unsupported",
        `${this.serial} does not tell the port of its tunnel: it needs Android 8 or newer`,
        { hint: NEWER_PHONE },
      );
    const remove = (): Promise<void> =>
      within(`removing the tunnel to ${this.serial}`, SHELL_SECONDS, undefined, (ending) =>
        this.#orGone(reverse.remove(address), ending),
      );
    return { port, remove };
  }

  /**
   * Waits for something that the device does by itself.
   * @throws {DeviceError} when the device is gone meanwhile, or the limit passes
   */
  whileConnected<T>(what: string, limitSeconds: number, work: Promise<T>, signal?: AbortSignal): Promise<T> {
    return within(what, limitSeconds, signal, (ending) => this.#orGone(work, ending));
  }

  async close(): Promise<void> {
    await this.adb.close();
    this.closeAll();
  }

  async #spawn(
    command: string,
    signal: AbortSignal,
  ): ReturnType<NonNullable<Adb["subprocess"]["shellProtocol"]>["spawn"]> {
    const { shellProtocol } = this.adb.subprocess;
    if (shellProtocol === undefined)
      throw new DeviceError("unsupported", `${this.serial} is too old: Edgewise needs Android 8 or newer`, {
        hint: NEWER_PHONE,
      });
    const spawned = shellProtocol.spawn(command).then((process) => {
      // Who waits for the exit hears of its failure there; nobody does for a command that started after we gave it up.
      process.exited.catch(() => undefined);
      return process;
    });
    try {
      return await this.#orGone(spawned, signal);
    } catch (error) {
      throw this.#translated(error, signal);
    }
  }

  /** Ends when nothing has moved for `STALL_SECONDS`. */
  async #syncing<T>(signal: AbortSignal | undefined, work: (alive: () => void) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const ending = new AbortController();
    const stall = (): void => ending.abort(this.#goneError());
    let timer = setTimeout(stall, STALL_SECONDS * 1000);
    const alive = (): void => {
      clearTimeout(timer);
      timer = setTimeout(stall, STALL_SECONDS * 1000);
    };
    const abort = (): void => ending.abort(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await this.#orGone(work(alive), ending.signal);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  async #orGone<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await orAborted(orAborted(promise, this.#gone.signal), signal);
    } catch (error) {
      throw this.#translated(error, signal);
    }
  }

  /** What the library throws, in the user's words. */
  #translated(error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    if (error instanceof EdgewiseError) return error;
    const message = error instanceof Error ? error.message : String(error);
    if (/No space left on device|ENOSPC/i.test(message)) return noSpace(this.serial, error);
    if (/Read-only file system|Permission denied|Operation not permitted/i.test(message))
      return new DeviceError("failed", `${this.serial} refuses: ${message}`, {
        hint: "Restart the phone; if it still refuses, its maker or a work profile keeps adb from writing there: use another phone",
        cause: error,
      });
    return this.#goneError(error);
  }

  #goneError(cause?: unknown): DeviceError {
    return new DeviceError("gone", `${this.serial} is not connected any more`, {
      hint: "Plug it in again, or connect it again, and start anew: nothing was left running on it",
      cause,
    });
  }
}

/** A source as a stream, read when it is wanted; it ends early when the signal aborts. `failed` rejects when reading does: the library would wait for ever. */
function chunksOf(
  source: ByteSource,
  signal: AbortSignal | undefined,
  onChunk: (bytes: number) => void,
): { readonly stream: ReadableStream<MaybeConsumable<Uint8Array>>; readonly failed: Promise<never> } {
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined);
  let offset = 0;
  const stream = new ReadableStream<MaybeConsumable<Uint8Array>>({
    async pull(controller) {
      if (offset >= source.size || signal?.aborted === true) {
        controller.close();
        return;
      }
      try {
        const chunk = await source.read(offset, Math.min(CHUNK_BYTES, source.size - offset));
        offset += chunk.length;
        controller.enqueue(chunk);
        onChunk(offset);
      } catch (error) {
        fail(error);
        throw error;
      }
    },
  });
  return { stream, failed };
}

/** A signal that aborts some seconds after another one. */
function delayed(
  signal: AbortSignal | undefined,
  seconds: number,
): { readonly signal: AbortSignal; readonly end: () => void } {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => late.abort(signal?.reason), seconds * 1000);
  };
  if (signal?.aborted === true) start();
  signal?.addEventListener("abort", start, { once: true });
  const end = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", start);
  };
  return { signal: late.signal, end };
}
