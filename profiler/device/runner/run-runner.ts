import * as v from "valibot";
import type { AdbDevice } from "../adb/adb-device.ts";
import { shellCommand, shellWord } from "../adb/shell-word.ts";
import { DeviceError, noSpace } from "../device-error.ts";
import { RunError } from "../../errors.ts";
import { checked, fields, finite, fitting, jsonOf } from "../../outside-data.ts";
import type { PushedBundle } from "./push-bundle.ts";

/** What runner.c takes, in its own terms. */
export interface RunnerArguments {
  readonly model: string;
  readonly optimization: "basic" | "all";
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
  readonly cores?: readonly number[];
}

export interface RunnerResult {
  readonly version: string;
  readonly loadSeconds: number;
  readonly firstSeconds: number;
  /** Of all runs behind the warm-up together. */
  readonly loopSeconds: number;
  readonly runs: number;
  readonly runSeconds: readonly number[];
  /** Bytes; null where the phone does not tell. */
  readonly baselineBytes: number | null;
  readonly peakBytes: number | null;
  readonly outputs: readonly RunnerOutput[];
}

export interface RunnerOutput {
  readonly name: string;
  /** ONNX's number of the element type; 0 for what is no tensor of numbers. */
  readonly type: number;
  readonly shape: readonly number[];
}

export interface RunnerOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limitSeconds: number;
  readonly onRun?: (done: number, total: number) => void;
}

/** `strerror` of ENOSPC in every C library. */
const NO_SPACE = "No space left on device";
const NANOSECOND = 1e-9;
const KIBIBYTE = 1024;
/** Exit codes of runner.c. */
const CRASHED = 3;
const SIGNALS: Readonly<Record<number, string>> = {
  4: "an instruction that the processor does not have",
  6: "an abort",
  7: "a bus error",
  8: "an arithmetic error",
  11: "a segmentation fault",
};

/**
 * Runs the runner in a folder of the phone and waits for its answer. Its input stays open that long, and it ends when that closes.
 * @throws {RunError} when ONNX Runtime refuses the model or fails
 * @throws {DeviceError} when the runner cannot be started or crashes
 */
export async function runRunner(
  device: AdbDevice,
  { folder, bundle }: PushedBundle,
  workFolder: string,
  args: RunnerArguments,
  options: RunnerOptions,
): Promise<RunnerResult> {
  const environment = "LD_PRELOAD= LD_LIBRARY_PATH= ORT_DISABLE_TELEMETRY=1";
  const loader = [`${folder}/${bundle.loader}`, "--library-path", folder, `${folder}/runner`];
  const command = shellCommand(...loader, args.model, ...flagsOf(args));
  const answer = await device.shell(`cd ${shellWord(workFolder)} && exec env ${environment} ${command}`, {
    signal: options.signal,
    limitSeconds: options.limitSeconds,
    onErrorLine: (line) => {
      const [, phase, done, total] = /^progress (\S+) (\d+) (\d+)$/.exec(line) ?? [];
      if (phase !== undefined && phase !== "warm-up") options.onRun?.(Number(done), Number(total));
    },
  });
  return readAnswer(device.serial, answer.stdout, answer.stderr, answer.exitCode);
}

function flagsOf(args: RunnerArguments): readonly string[] {
  const flags: readonly (readonly [name: string, value: string | number | undefined])[] = [
    ["threads", args.threads],
    ["optimization", args.optimization],
    ["warm-up", args.warmUp],
    ["runs", args.runs],
    ["budget", args.budgetSeconds],
    ["seconds", args.seconds],
    ...args.inputs.map((input) => ["input", input] as const),
    ["outputs", args.outputs],
    ["profile", args.profile],
    ["cores", args.cores?.join(",")],
  ];
  return flags.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
}

/** What runner.c writes when it could not do what it was to do. */
const FAILURE = fields({
  error: v.fallback(v.optional(v.string()), undefined),
  signal: v.fallback(v.optional(v.number()), undefined),
  stage: v.fallback(v.string(), ""),
});

const SUCCESS = fields({ ok: v.literal(true) });

function readAnswer(serial: string, stdout: string, stderr: string, exitCode: number): RunnerResult {
  const answer = jsonOf(v.looseObject({}), stdout);
  const { error, signal, stage = "" } = fitting(FAILURE, answer) ?? {};
  if (error?.includes(NO_SPACE)) throw noSpace(serial);
  if (fitting(SUCCESS, answer)) return readResult(serial, answer);
  if (exitCode !== CRASHED && error !== undefined)
    throw new RunError(`${serial}: ONNX Runtime cannot ${deed(stage)}: ${oneLine(error)}`);
  if (signal !== undefined)
    throw new DeviceError(
      "failed",
      `${serial}: ONNX Runtime crashed while it was to ${deed(stage)}: ${SIGNALS[signal] ?? `signal ${signal}`}`,
    );
  const said = oneLine(stderr.replaceAll(/^progress .*$/gm, ""));
  throw new DeviceError(
    "failed",
    `${serial}: the runner ended with exit code ${exitCode}${said === "" ? "" : `: ${said}`}`,
  );
}

const DEEDS: ReadonlyMap<string, string> = new Map([
  ["library", "be loaded"],
  ["load", "load the model"],
  ["inputs", "take the inputs"],
  ["run", "run the model"],
  ["cores", "be bound to these cores"],
  ["report", "write its outputs"],
]);

function deed(stage: string): string {
  return DEEDS.get(stage) ?? "start";
}

const OUTPUT = fields({ name: v.string("a text"), type: finite(), shape: v.fallback(v.array(v.number()), []) });

const RESULT = fields({
  version: v.fallback(v.string(), ""),
  loadNs: finite(),
  firstNs: finite(),
  loopNs: finite(),
  runs: finite(),
  runNs: v.fallback(v.array(v.number()), []),
  baselineKb: finite(),
  peakKb: finite(),
  outputs: v.fallback(v.array(OUTPUT), []),
});

/** @throws {DeviceError} when a field is not what the runner writes */
function readResult(serial: string, answer: unknown): RunnerResult {
  const result = checked(
    RESULT,
    answer,
    `${serial}: the runner's answer`,
    (message) => new DeviceError("failed", message),
  );
  const bytes = (kibibytes: number): number | null => (kibibytes > 0 ? kibibytes * KIBIBYTE : null);
  return {
    version: result.version,
    loadSeconds: result.loadNs * NANOSECOND,
    firstSeconds: result.firstNs * NANOSECOND,
    loopSeconds: result.loopNs * NANOSECOND,
    runs: result.runs,
    runSeconds: result.runNs.map((time) => time * NANOSECOND),
    baselineBytes: bytes(result.baselineKb),
    peakBytes: bytes(result.peakKb),
    outputs: result.outputs,
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}
