import { ownEntry } from "../../own-entry.ts";
import type { AdbDevice } from "../adb/adb-device.ts";
import { shellCommand, shellWord } from "../adb/shell-word.ts";
import { DeviceError, noSpace } from "../device-error.ts";
import { RunError } from "../../errors.ts";
import type { PushedBundle } from "./push-bundle.ts";

/** What runner.c takes, in its own terms. */
export interface RunnerArguments {
  readonly model: string;
  readonly optimization: "basic" | "extended" | "all";
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

function readAnswer(serial: string, stdout: string, stderr: string, exitCode: number): RunnerResult {
  const answer = readJson(stdout);
  if (typeof answer?.error === "string" && answer.error.includes(NO_SPACE)) throw noSpace(serial);
  if (answer?.ok === true) return readResult(serial, answer);
  if (answer !== undefined && exitCode !== CRASHED && typeof answer.error === "string")
    throw new RunError(`${serial}: ONNX Runtime cannot ${deed(answer.stage)}: ${oneLine(answer.error)}`);
  if (answer !== undefined && typeof answer.signal === "number")
    throw new DeviceError(
      "failed",
      `${serial}: ONNX Runtime crashed while it was to ${deed(answer.stage)}: ${SIGNALS[answer.signal] ?? `signal ${answer.signal}`}`,
    );
  const said = oneLine(stderr.replaceAll(/^progress .*$/gm, ""));
  throw new DeviceError(
    "failed",
    `${serial}: the runner ended with exit code ${exitCode}${said === "" ? "" : `: ${said}`}`,
  );
}

const DEEDS: Readonly<Record<string, string>> = {
  library: "be loaded",
  load: "load the model",
  inputs: "take the inputs",
  run: "run the model",
  cores: "be bound to these cores",
  report: "write its outputs",
};

function deed(stage: unknown): string {
  return (typeof stage === "string" ? ownEntry(DEEDS, stage) : undefined) ?? "start";
}

/** @throws {DeviceError} when a field is not what the runner writes */
function readResult(serial: string, answer: Readonly<Record<string, unknown>>): RunnerResult {
  const number = (name: string): number => {
    const value = ownEntry(answer, name);
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw new DeviceError("failed", `${serial}: the runner's answer has no number "${name}"`);
  };
  const kibibytes = (name: string): number | null => (number(name) > 0 ? number(name) * KIBIBYTE : null);
  const { version, runNs, outputs } = answer;
  return {
    version: typeof version === "string" ? version : "",
    loadSeconds: number("loadNs") * NANOSECOND,
    firstSeconds: number("firstNs") * NANOSECOND,
    loopSeconds: number("loopNs") * NANOSECOND,
    runs: number("runs"),
    runSeconds: numbersOf(runNs).map((time) => time * NANOSECOND),
    baselineBytes: kibibytes("baselineKb"),
    peakBytes: kibibytes("peakKb"),
    outputs: Array.isArray(outputs) ? outputs.flatMap(readOutput) : [],
  };
}

function readOutput(value: unknown): readonly RunnerOutput[] {
  if (typeof value !== "object" || value === null || !("name" in value) || !("type" in value)) return [];
  const { name, type } = value;
  if (typeof name !== "string" || typeof type !== "number") return [];
  return [{ name, type, shape: numbersOf("shape" in value ? value.shape : undefined) }];
}

function numbersOf(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "number") : [];
}

function readJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}
