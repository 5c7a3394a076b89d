import { spawn, type ChildProcessByStdio } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../bytes/temporary-folder.ts";
import { fromRuntimeBytes, runtimeByteLength, toRuntimeBytes } from "../tensor-bytes.ts";
import type { NumericTensor, NumericType } from "../../tensors/numeric-tensor.ts";
import { runtimeLimits } from "../process/limits.ts";
import { LONGER, ProcessDied, ProcessEnded } from "../process/runtime-process.ts";
import { runnerEnvironment, type HostTflite } from "./bundles.ts";
import { StreamReader } from "./stream-reader.ts";
import { TFLITE_TYPES } from "./tflite-types.ts";

/** An input or output as TFLite has it after a run or, of an input, before. */
export interface NativePort {
  readonly name: string;
  /** null: no tensor of numbers. */
  readonly dataType: NumericType | null;
  readonly shape: readonly number[];
}

interface NativeOptions {
  /** That share an operator. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Answer {
  readonly ok: boolean;
  readonly error?: string;
  readonly signal?: number;
  readonly inputs?: readonly RawPort[];
  readonly outputs?: readonly RawPort[];
}

interface RawPort {
  readonly name: string;
  readonly type: number;
  readonly shape: readonly number[];
}

/**
 * A model in TFLite's own runtime, in a process of its own: what kills that process leaves this one alone. A failure ends it.
 */
export class NativeTflite {
  readonly inputs: readonly NativePort[];
  readonly outputs: readonly NativePort[];
  private constructor(
    private readonly child: Child,
    private readonly reader: StreamReader,
    answer: Answer,
  ) {
    this.inputs = (answer.inputs ?? []).map(readPort);
    this.outputs = (answer.outputs ?? []).map(readPort);
  }

  /**
   * @throws {Error} with TFLite's reason when it refuses the model
   * @throws {ProcessDied} when it dies of it
   * @throws {ProcessEnded} when it takes longer than models may
   * @throws the signal's reason when it aborts
   */
  static async open(
    tflite: HostTflite,
    model: Uint8Array,
    { threads = 1, signal }: NativeOptions,
  ): Promise<NativeTflite> {
    const folder = await makeTemporaryFolder();
    try {
      const path = join(folder, "model.tflite");
      await writeFile(path, model);
      const { memoryBytes } = runtimeLimits();
      const limits = ["--memory", String(Math.floor(memoryBytes))];
      const args = [...tflite.args, path, "--threads", String(threads), "--serve", "yes", ...limits];
      const child = spawn(tflite.program, args, { stdio: ["pipe", "pipe", "ignore"], env: runnerEnvironment() });
      // What is written to one that died is told by its end.
      child.stdin.on("error", () => undefined);
      const reader = new StreamReader(child.stdout);
      child.on("error", (error) => reader.fail(error));
      try {
        const opened = await limited(child, reader, signal, () => answerOf(reader, "load the model"));
        const native = new NativeTflite(child, reader, opened);
        keepsAlive(child, false);
        return native;
      } catch (error) {
        child.kill("SIGKILL");
        throw error;
      }
    } finally {
      await removeTemporaryFolder(folder);
    }
  }

  /**
   * One run at a time.
   * @param inputs of the types and shapes of `inputs`, in order
   * @param signal ends the run, and the process with it
   * @throws {Error} with TFLite's reason when it fails, or dies
   * @throws {ProcessEnded} when it takes longer than models may
   * @throws the signal's reason when it aborts
   */
  async run(inputs: readonly NumericTensor[], signal?: AbortSignal): Promise<readonly NumericTensor[]> {
    keepsAlive(this.child, true);
    try {
      return await limited(this.child, this.reader, signal, () => this.#answers(inputs));
    } finally {
      keepsAlive(this.child, false);
    }
  }

  close(): Promise<void> {
    this.reader.fail(new Error("it was closed"));
    this.child.ref();
    this.child.kill("SIGKILL");
    if (this.child.exitCode !== null || this.child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => void this.child.once("exit", () => resolve()));
  }

  /** Whether its process is gone: it runs no more. */
  get isEnded(): boolean {
    return this.reader.isOver;
  }

  async #answers(inputs: readonly NumericTensor[]): Promise<readonly NumericTensor[]> {
    for (const input of inputs) this.child.stdin.write(toRuntimeBytes(input));
    // A model without inputs is told to run by a byte.
    if (inputs.length === 0) this.child.stdin.write(new Uint8Array(1));
    const { outputs = [] } = await answerOf(this.reader, "run the model");
    const tensors: NumericTensor[] = [];
    for (const { name, dataType, shape } of outputs.map(readPort)) {
      if (dataType === null) throw new Error(`its output "${name}" is not a tensor of numbers`);
      const bytes = await this.reader.bytes(runtimeByteLength(dataType, shape));
      tensors.push(fromRuntimeBytes(dataType, shape, bytes));
    }
    return tensors;
  }
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Waits for an answer, and ends the process where that takes too long or nobody wants it any more. */
async function limited<T>(
  child: Child,
  reader: StreamReader,
  signal: AbortSignal | undefined,
  answer: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const { seconds } = runtimeLimits();
  let late: Error | undefined;
  const end = (reason: Error): void => {
    late ??= reason;
    reader.fail(reason);
    child.kill("SIGKILL");
  };
  const stop = (): void => end(signal?.reason as Error);
  const exceed = (): void => end(new ProcessEnded(`it did not end within ${seconds} s`, false, LONGER));
  const timer = setTimeout(exceed, Math.min(seconds * 1000, 2 ** 31 - 1));
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await answer();
  } catch (error) {
    // Behind a failure the runner ends by itself, and what it may have said before nobody takes: nothing is asked of it any more.
    end(error as Error);
    throw late ?? error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** A process that waits for nothing but this may end. */
function keepsAlive(child: Child, isWanted: boolean): void {
  for (const each of [child, child.stdin, child.stdout]) {
    if (each !== child && !(each instanceof Socket)) continue;
    if (isWanted) each.ref();
    else each.unref();
  }
}

function readPort({ name, type, shape }: RawPort): NativePort {
  return { name, dataType: TFLITE_TYPES[type] ?? null, shape };
}

async function answerOf(reader: StreamReader, deed: string): Promise<Answer> {
  const line = await reader.line().catch(() => {
    throw new ProcessDied(`its process ended while it was to ${deed}`);
  });
  const answer = JSON.parse(line) as Answer;
  if (answer.ok) return answer;
  if (answer.signal !== undefined)
    throw new ProcessDied(`it crashed (signal ${answer.signal}) while it was to ${deed}`);
  throw new Error(answer.error ?? "it gave no reason");
}
