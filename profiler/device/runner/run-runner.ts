import type { AdbDevice } from "../adb/adb-device.ts";
import { shellCommand, shellWord } from "../adb/shell-word.ts";
import type { BundledRuntime } from "./bundle.ts";
import type { PushedBundle } from "./push-bundle.ts";
import { readRunnerAnswer, type RunnerResult } from "./runner-answer.ts";

/** What runner.c and tflite-runner.c take, in their own terms. */
export interface RunnerArguments {
  readonly model: string;
  /** Of ONNX Runtime. */
  readonly optimization?: "basic" | "extended" | "all";
  /** TFLite: hand XNNPACK one operator at a time, and clock each. */
  readonly layers?: "yes";
  readonly threads: number;
  readonly warmUp: number;
  readonly runs: number;
  /** Stop timing after so long, though not before a few runs. */
  readonly budgetSeconds?: number;
  /** Run for so long instead. */
  readonly seconds?: number;
  readonly inputs: readonly string[];
  /** Folder for the outputs. */
  readonly outputs?: string;
  /** Prefix of the profile's name. */
  readonly profile?: string;
  /** Where ONNX Runtime's graph is written to. */
  readonly optimized?: string;
  readonly cores?: readonly number[];
}

export interface RunnerOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limitSeconds: number;
  readonly onRun?: (done: number, total: number) => void;
}

/** The program of each runtime, and what messages call it. */
const RUNNERS: Readonly<Record<BundledRuntime, { readonly program: string; readonly title: string }>> = {
  onnxruntime: { program: "runner", title: "ONNX Runtime" },
  tflite: { program: "tflite-runner", title: "TFLite" },
};

/**
 * Runs a runner in a folder of the phone and waits for its answer. Its input stays open that long, and it ends when that closes.
 * @throws {RunError} when the runtime refuses the model or fails
 * @throws {DeviceError} when the runner cannot be started or crashes
 */
export async function runRunner(
  device: AdbDevice,
  { folder, bundle }: PushedBundle,
  runtime: BundledRuntime,
  workFolder: string,
  args: RunnerArguments,
  options: RunnerOptions,
): Promise<RunnerResult> {
  const { program, title } = RUNNERS[runtime];
  const environment = "LD_PRELOAD= LD_LIBRARY_PATH= ORT_DISABLE_TELEMETRY=1";
  const loader = [`${folder}/${bundle.loader}`, "--library-path", folder, `${folder}/${program}`];
  const command = shellCommand(...loader, args.model, ...flagsOf(args));
  const answer = await device.shell(`cd ${shellWord(workFolder)} && exec env ${environment} ${command}`, {
    signal: options.signal,
    limitSeconds: options.limitSeconds,
    onErrorLine: (line) => {
      const done = readProgress(line);
      if (done !== undefined) options.onRun?.(...done);
    },
  });
  return readRunnerAnswer(device.serial, title, answer);
}

/** "progress run 3 50", of runs that are timed. */
export function readProgress(line: string): readonly [done: number, total: number] | undefined {
  const [, phase, done, total] = /^progress (\S+) (\d+) (\d+)$/.exec(line) ?? [];
  return phase === undefined || phase === "warm-up" ? undefined : [Number(done), Number(total)];
}

/** As a command line, without the model. */
export function flagsOf(args: RunnerArguments): readonly string[] {
  const flags: readonly (readonly [name: string, value: string | number | undefined])[] = [
    ["threads", args.threads],
    ["optimization", args.optimization],
    ["layers", args.layers],
    ["warm-up", args.warmUp],
    ["runs", args.runs],
    ["budget", args.budgetSeconds],
    ["seconds", args.seconds],
    ...args.inputs.map((input) => ["input", input] as const),
    ["outputs", args.outputs],
    ["profile", args.profile],
    ["optimized", args.optimized],
    ["cores", args.cores?.join(",")],
  ];
  return flags.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
}
