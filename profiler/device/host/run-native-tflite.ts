import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../bytes/temporary-folder.ts";
import { runnerEnvironment, type HostTflite } from "../../runtime/native/bundles.ts";
import { DeviceError, REINSTALL } from "../device-error.ts";
import type { PreparedRun } from "../prepared-run.ts";
import type { OutputCheck } from "../run-result.ts";
import { readRunnerAnswer, type EndedRunner, type RunnerResult } from "../runner/runner-answer.ts";
import { flagsOf, readProgress, type RunnerArguments } from "../runner/run-runner.ts";
import type { RunPhase } from "../target.ts";
import { checkOutputs, inputFiles, MODEL_FILE } from "../tflite/native-ports.ts";
import type { HostTiming, ProcessControl } from "./measuring-plan.ts";

export interface NativeTfliteMeasurement {
  readonly latency: RunnerResult;
  readonly layers: RunnerResult;
  readonly outputs: OutputCheck;
}

/** Exit codes above are those of signals. */
const SIGNALLED = 128;

/** What messages call it. */
const HERE = "this machine";

/**
 * Times a model in TFLite's own runtime, in processes of its own: one run as XNNPACK takes the model, one with a clock around each operator.
 * @throws {RunError} when TFLite refuses the model
 * @throws {DeviceError} when it crashes, or takes longer than the limit
 */
export async function runNativeTflite(
  tflite: HostTflite,
  prepared: PreparedRun,
  settings: HostTiming,
  control: ProcessControl,
): Promise<NativeTfliteMeasurement> {
  const folder = await makeTemporaryFolder();
  try {
    const [model] = prepared.files;
    if (model === undefined) throw new RangeError(`${prepared.model.file}: there is no file`);
    await writeFile(join(folder, MODEL_FILE), await model.source.read(0, model.source.size));
    const inputs = inputFiles(prepared);
    for (const { file, bytes } of inputs) await writeFile(join(folder, file), bytes);
    const { threads, warmUpRuns, runs, budgetSeconds, profiledRuns } = settings;
    const shared = { model: MODEL_FILE, threads, budgetSeconds, inputs: inputs.map(({ flag }) => flag) };
    const run = async (phase: RunPhase, args: RunnerArguments): Promise<RunnerResult> =>
      readRunnerAnswer(HERE, "TFLite", await ended(tflite, folder, phase, args, control));
    const latency = await run("latency", { ...shared, warmUp: warmUpRuns, runs, outputs: "." });
    const outputs = await checkOutputs(prepared, latency.outputs, (file) => readFile(join(folder, file)));
    const layers = await run("layers", { ...shared, warmUp: 1, runs: profiledRuns, layers: "yes" });
    return { latency, layers, outputs };
  } finally {
    await removeTemporaryFolder(folder);
  }
}

/** Runs the runner to its end, or ends it: at the limit, and when the signal aborts. */
async function ended(
  tflite: HostTflite,
  folder: string,
  phase: RunPhase,
  args: RunnerArguments,
  { signal, limitSeconds, onRun }: ProcessControl,
): Promise<EndedRunner> {
  signal?.throwIfAborted();
  // Its input stays open for as long as this program lives: it ends with that.
  const child = spawn(tflite.program, [...tflite.args, args.model, ...flagsOf(args)], {
    cwd: folder,
    env: runnerEnvironment(),
    stdio: ["pipe", "pipe", "pipe"],
  });
  const end = (): void => void child.kill("SIGKILL");
  const limit = AbortSignal.timeout(Math.ceil(limitSeconds * 1000));
  limit.addEventListener("abort", end, { once: true });
  signal?.addEventListener("abort", end, { once: true });
  try {
    const said: string[] = [];
    createInterface(child.stderr).on("line", (line) => {
      const done = readProgress(line);
      if (done === undefined) said.push(line);
      else onRun(phase, ...done);
    });
    const exit = new Promise<number>((resolve, reject) => {
      child.on("error", (cause) =>
        reject(
          new DeviceError("failed", `TFLite's runner cannot be started: ${cause.message}`, { hint: REINSTALL, cause }),
        ),
      );
      // As shells have it.
      child.on("close", (code, killer) => resolve(code ?? SIGNALLED + constants.signals[killer ?? "SIGKILL"]));
    });
    const [stdout, exitCode] = await Promise.all([text(child.stdout), exit]);
    signal?.throwIfAborted();
    if (limit.aborted)
      throw new DeviceError("time-limit", `the model was not measured within ${limitSeconds} s on ${HERE}`, {
        hint: "Ask for fewer runs, or give it more time",
      });
    return { stdout, stderr: said.join("\n"), exitCode };
  } finally {
    limit.removeEventListener("abort", end);
    signal?.removeEventListener("abort", end);
    end();
  }
}
