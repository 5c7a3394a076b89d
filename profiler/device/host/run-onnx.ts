import { ownEntry } from "../../own-entry.ts";
import { fork, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../bytes/temporary-folder.ts";
import { FileSource, fileOfModel } from "../../bytes/file-source.ts";
import { RunError } from "../../errors.ts";
import { modelBytes } from "../../formats/formats.ts";
import type { Model } from "../../model/model.ts";
import { decodeRaw } from "../../model/raw-elements.ts";
import { isEdited } from "../../model/edited.ts";
import { encodeRaw } from "../../model/encode-elements.ts";
import { newArray, type NamedTensors, type NumericType } from "../../tensors/numeric-tensor.ts";
import { folderOf } from "../../runtime/onnx-session.ts";
import { processEnvironment } from "../../runtime/process/process-environment.ts";
import { DeviceError, FREE_MEMORY, OTHER_RUNTIME, REINSTALL } from "../device-error.ts";
import { readOptimized, type OptimizedOperator } from "../optimized-graph.ts";
import type { PreparedRun } from "../prepared-run.ts";
import type { RunPhase } from "../target.ts";
import type { ProfiledLevel } from "../profiled-level.ts";
import type { HostTiming, ProcessControl } from "./measuring-plan.ts";

export interface OnnxSettings extends HostTiming {
  readonly profiledAt: ProfiledLevel;
}

export interface OnnxMeasurement {
  readonly version: string | null;
  readonly loadSeconds: number;
  readonly firstSeconds: number;
  readonly runSeconds: readonly number[];
  readonly baselineBytes: number;
  readonly peakBytes: number;
  readonly outputs: NamedTensors;
  /** ONNX Runtime's profile at the level that was asked for. */
  readonly profile: string;
  /** The graph that was profiled; undefined where it cannot be written or read. */
  readonly optimized: readonly OptimizedOperator[] | undefined;
}

/** As they cross to the process. */
interface RawTensor {
  readonly name: string;
  readonly type: NumericType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

interface Message {
  readonly progress?: { readonly phase: RunPhase; readonly done: number; readonly total: number };
  readonly failure?: string;
  readonly result?: Omit<OnnxMeasurement, "outputs" | "optimized"> & { readonly outputs: readonly RawTensor[] };
}

/**
 * Times a model in a process of its own, which is ended when the signal aborts.
 * @throws {RunError} when ONNX Runtime refuses the model
 * @throws {DeviceError} when it takes longer than the limit, or the process dies
 */
export async function runOnnxProcess(
  model: Model,
  { inputs, inputNames }: Pick<PreparedRun, "inputs" | "inputNames">,
  settings: OnnxSettings,
  control: ProcessControl,
): Promise<OnnxMeasurement> {
  const folder = await makeTemporaryFolder();
  const child = fork(fileURLToPath(new URL("./onnx-process.js", import.meta.url)), {
    serialization: "advanced",
    execArgv: [],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: processEnvironment(),
  });
  try {
    const optimizedPath = join(folder, "optimized.onnx");
    const path = isEdited(model) ? undefined : await fileOfModel(model.source);
    const file = path === undefined ? { bytes: await modelBytes(model) } : { path };
    const answer = awaitAnswer(model.file, child, control);
    child.send({
      model: file,
      folder: folderOf(model),
      inputs: inputNames.flatMap((name) => {
        const tensor = ownEntry(inputs, name);
        if (tensor === undefined) return [];
        const { dataType: type, shape, data } = tensor;
        return [{ name, type, shape, bytes: encodeRaw(type, data) } satisfies RawTensor];
      }),
      settings: { ...settings, profilePrefix: join(folder, "profile"), optimizedPath },
    });
    const { outputs, ...measured } = await answer;
    const optimized = await optimizedAt(optimizedPath);
    return { ...measured, optimized, outputs: Object.fromEntries(outputs.map(decoded)) };
  } finally {
    child.kill("SIGKILL");
    await removeTemporaryFolder(folder);
  }
}

function awaitAnswer(
  name: string,
  child: ChildProcess,
  { signal, limitSeconds, onRun }: ProcessControl,
): Promise<NonNullable<Message["result"]>> {
  return new Promise((resolveAnswer, reject) => {
    const stop = (): void => reject(signal?.reason as Error);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    const timer = setTimeout(
      () =>
        reject(
          new DeviceError("time-limit", `${name} was not measured within ${limitSeconds} s on this machine`, {
            hint: "Ask for fewer runs, or give it more time",
          }),
        ),
      limitSeconds * 1000,
    );
    child.on("message", ({ progress, failure, result }: Message) => {
      if (progress) onRun(progress.phase, progress.done, progress.total);
      if (failure !== undefined) reject(new RunError(`${name}: ONNX Runtime cannot run it: ${failure}`));
      if (result) resolveAnswer(result);
    });
    child.on("error", (cause) =>
      reject(new DeviceError("failed", `no process can be started: ${cause.message}`, { hint: REINSTALL, cause })),
    );
    child.on("exit", (code, killer) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      reject(
        new DeviceError("failed", `${name}: the process that ran it ended with ${killer ?? `exit code ${code ?? 0}`}`, {
          hint: killer === "SIGKILL" ? FREE_MEMORY : OTHER_RUNTIME,
        }),
      );
    });
  });
}

async function optimizedAt(path: string): Promise<OnnxMeasurement["optimized"]> {
  if (!existsSync(path)) return undefined;
  const source = await FileSource.open(path);
  try {
    return await readOptimized(source);
  } finally {
    await source.close();
  }
}

function decoded({ name, type, shape, bytes }: RawTensor): [string, NamedTensors[string]] {
  const elements = shape.reduce((product, size) => product * size, 1);
  const data = newArray(type, elements);
  data.set(decodeRaw(type, bytes, elements) ?? []);
  return [name, { dataType: type, shape, data }];
}
