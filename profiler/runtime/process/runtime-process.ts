import { fork, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type { ByteStream } from "../../bytes/byte-segments.ts";
import { EdgewiseError } from "../../errors.ts";
import { formatBytes } from "../../format-numbers.ts";
import { ExchangeFile, type ArrayPlace, type ElementArray } from "./exchange-file.js";
import { runtimeLimits } from "./limits.ts";
import { processEnvironment } from "./process-environment.ts";

/** What runs in a process of its own. */
const SCRIPTS = {
  "ONNX Runtime": new URL("./onnx-runtime-process.js", import.meta.url),
  "LiteRT.js": new URL("./litert-process.js", import.meta.url),
} as const;

export type RuntimeName = keyof typeof SCRIPTS;

/** What a process answers: plain data, and elements. */
export interface RuntimeAnswer {
  readonly result: unknown;
  readonly arrays: readonly ElementArray[];
}

/** @returns an array of that type and length, or undefined */
export type TargetFor = (position: number, place: Pick<ArrayPlace, "type" | "bytes">) => ElementArray | undefined;

export interface RuntimeRequest {
  readonly action: string;
  /** Plain data. */
  readonly value: object;
  readonly arrays?: readonly (ElementArray | ByteStream)[];
  /** Arrays that are to take elements of the answer, by their position there; those of their own where it gives none. */
  readonly targetFor?: TargetFor | undefined;
  /** Ends what is under way. */
  readonly signal?: AbortSignal | undefined;
  /** Instead of the limit of all models; undefined where the answer has no limit of its own. */
  readonly seconds?: number;
}

/** The runtime could not do what it was asked for; the message is its own. */
export class RuntimeFailure extends Error {}

/** The process ended before it answered. */
export class ProcessEnded extends Error {
  /**
   * @param isForOthers whether what was asked had no part in it: it may be asked again of another process
   * @param hint what the user can do
   */
  constructor(
    message: string,
    readonly isForOthers: boolean,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** It died of what it was asked to do, whatever that is: no limit and nobody ended it. */
export class ProcessDied extends ProcessEnded {
  constructor(message: string) {
    super(message, false);
  }
}

interface Job extends RuntimeRequest {
  readonly resolve: (answer: RuntimeAnswer) => void;
  readonly reject: (error: Error) => void;
}

interface Running extends Job {
  readonly id: number;
  readonly timer: NodeJS.Timeout;
}

interface Message {
  readonly id: number;
  readonly result?: unknown;
  readonly arrays?: readonly ArrayPlace[];
  readonly failure?: string;
  /** Nothing can be run in the process any more. */
  readonly isFatal?: boolean;
}

/** A run that somebody gave up is waited for so long before its process is ended: most are done by then, and other models stay loaded. */
const PATIENCE_MILLISECONDS = 200;

/** What the user can do about a model that is ended for its time. */
export const LONGER = "If it ever ends, give it more time with --run-limit or the setting edgewise.runLimit";
/** No runtime sends itself this signal: the system does, or a person. */
const KILLED = "The system ends what takes too much memory so: close other programs, or take a smaller model or batch";
const LARGER = "Allow more with --memory-limit or the setting edgewise.memoryLimit";

/** What the process wrote last says why it died. */
const KEPT_CHARACTERS = 4000;

/** Ended with this one, whichever way that ends. Those that it is killed too hard for end themselves. */
const living = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/**
 * A process that a runtime loads and runs models in, one request after the other. It can be ended at any moment, and keeps nobody waiting
 * while it is idle.
 */
export class RuntimeProcess {
  /** That it may take. */
  readonly memoryBytes = runtimeLimits().memoryBytes;
  readonly #child: ChildProcess;
  readonly #toProcess: ExchangeFile;
  readonly #fromProcess: ExchangeFile;
  readonly #waiting: Job[] = [];
  #running: Running | undefined;
  #next = 0;
  #written = "";
  #end: ProcessEnded | undefined;
  /** Why this side ends it. */
  #reason: ((isRunning: boolean) => ProcessEnded) | undefined;

  constructor(readonly runtime: RuntimeName) {
    const [toProcess, fromProcess] = [ExchangeFile.create(), ExchangeFile.create()];
    [this.#toProcess, this.#fromProcess] = [toProcess, fromProcess];
    this.#child = fork(fileURLToPath(SCRIPTS[runtime]), [String(this.memoryBytes)], {
      execArgv: [],
      // The first pipe ends with this process: see watchdog.js.
      stdio: ["pipe", "ignore", "pipe", "ipc", toProcess.descriptor, fromProcess.descriptor],
      env: processEnvironment(),
    });
    living.add(this.#child);
    this.#child.on("message", (message: Message) => this.#settle(message));
    this.#child.stderr?.on("data", (text: Buffer) => {
      this.#written = (this.#written + text.toString()).slice(-KEPT_CHARACTERS);
    });
    this.#child.on("error", (error) => this.#ended([`no process can be started: ${error.message}`]));
    this.#child.on("close", (code, signal) => this.#ended(this.#death(code, signal)));
    // Nobody is told of a pipe to a process that is gone: its end is.
    this.#child.stdin?.on("error", () => undefined);
    this.#keepAwake(false);
  }

  /** undefined when it could not be started. */
  get id(): number | undefined {
    return this.#child.pid;
  }

  get isEnded(): boolean {
    return this.#end !== undefined || this.#reason !== undefined;
  }

  /**
   * @throws {RuntimeFailure} when the runtime cannot
   * @throws {ProcessEnded} when the process dies, by the time limit too
   * @throws the signal's reason when it aborts
   */
  request(request: RuntimeRequest): Promise<RuntimeAnswer> {
    const { signal } = request;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#end !== undefined) throw this.#end;
      const stop = (): void => this.#giveUp(job, signal?.reason as Error);
      const settled = (): void => signal?.removeEventListener("abort", stop);
      const job: Job = {
        ...request,
        resolve: (answer) => {
          settled();
          resolve(answer);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      signal?.addEventListener("abort", stop, { once: true });
      this.#waiting.push(job);
      this.#begin();
    });
  }

  /** At once, whatever it does. */
  end(): void {
    this.#kill(() => new ProcessEnded("its process was ended", false));
  }

  #begin(): void {
    if (this.#running !== undefined) return;
    const job = this.#waiting.shift();
    if (job === undefined) {
      this.#keepAwake(false);
      return;
    }
    const id = this.#next++;
    const { seconds = runtimeLimits().seconds } = job;
    const timer = setTimeout(() => this.#exceed(id, seconds), Math.min(seconds * 1000, 2 ** 31 - 1));
    this.#running = { ...job, id, timer };
    this.#keepAwake(true);
    void this.#give(id, job);
  }

  async #give(id: number, { action, value, arrays = [], reject }: Job): Promise<void> {
    try {
      const places = await this.#toProcess.put(arrays);
      if (this.#running?.id === id) this.#child.send({ id, action, value, arrays: places });
    } catch (error) {
      // What it was to be given could not be read.
      if (error instanceof EdgewiseError) reject(error);
      this.#settle({ id, failure: `it cannot be given its inputs: ${(error as Error).message}` });
    }
  }

  /** A process that waits for nothing but an idle one may end. */
  #keepAwake(isAwake: boolean): void {
    const { channel, stdin, stderr } = this.#child;
    for (const handle of [this.#child, channel, stdin as Socket | null, stderr as Socket | null])
      if (isAwake) handle?.ref();
      else handle?.unref();
  }

  #settle({ id, result, arrays = [], failure, isFatal = false }: Message): void {
    const running = this.#running;
    if (running?.id !== id) return;
    clearTimeout(running.timer);
    this.#running = undefined;
    if (failure === undefined) {
      try {
        running.resolve({ result, arrays: this.#fromProcess.take(arrays, running.targetFor) });
      } catch (error) {
        running.reject(error as Error);
      }
    } else running.reject(isFatal ? new ProcessDied(failure) : new RuntimeFailure(failure));
    this.#begin();
  }

  #giveUp(job: Job, reason: Error): void {
    job.reject(reason);
    const place = this.#waiting.indexOf(job);
    if (place >= 0) this.#waiting.splice(place, 1);
    else if (this.#running?.resolve === job.resolve) {
      const { id } = this.#running;
      setTimeout(() => {
        if (this.#running?.id === id) this.#kill((isRunning) => new ProcessEnded("it was given up", !isRunning));
      }, PATIENCE_MILLISECONDS);
    }
  }

  /** A thread that was busy hears of the time before it hears of the answer: that comes first. */
  #exceed(id: number, seconds: number): void {
    setTimeout(() => {
      if (this.#running?.id !== id) return;
      this.#kill((isRunning) =>
        isRunning
          ? new ProcessEnded(`it did not end within ${seconds} s`, false, LONGER)
          : new ProcessEnded("another model took too long", true),
      );
    }, PATIENCE_MILLISECONDS);
  }

  #kill(reason: (isRunning: boolean) => ProcessEnded): void {
    if (this.isEnded) return;
    this.#reason = reason;
    this.#child.kill("SIGKILL");
  }

  #death(code: number | null, signal: NodeJS.Signals | null): readonly [string, string?] {
    const [, bytes] = /edgewise-memory (\d+)/.exec(this.#written) ?? [];
    if (bytes !== undefined) {
      const allowed = formatBytes(this.memoryBytes);
      return [`it took ${formatBytes(Number(bytes))} of memory, where ${allowed} are allowed`, LARGER];
    }
    const said = this.#written.trim().split("\n").at(-1)?.trim() ?? "";
    const how = signal ?? `exit code ${code ?? 0}`;
    const death = `its process died with ${how}${said === "" ? "" : ` (${said})`}`;
    return signal === "SIGKILL" ? [death, KILLED] : [death];
  }

  #ended([death, hint]: readonly [string, string?]): void {
    if (this.#end !== undefined) return;
    living.delete(this.#child);
    const reason =
      this.#reason ??
      ((isRunning: boolean) => {
        if (!isRunning) return new ProcessEnded("another model ended the process", true);
        return hint === undefined ? new ProcessDied(death) : new ProcessEnded(death, false, hint);
      });
    this.#end = reason(false);
    this.#toProcess.close();
    this.#fromProcess.close();
    const running = this.#running;
    this.#running = undefined;
    clearTimeout(running?.timer);
    running?.reject(reason(true));
    for (const job of this.#waiting.splice(0)) job.reject(reason(false));
  }
}
