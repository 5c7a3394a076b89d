import { ownEntry } from "../../own-entry.ts";
import { RunError } from "../../errors.ts";
import { DeviceError, FREE_MEMORY, MAY_NOT_START, noSpace, OTHER_RUNTIME, RUN_AGAIN } from "../device-error.ts";
import type { NotMeasured, PeakResidentMemory } from "../run-result.ts";

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
  /** Whether XNNPACK ran what it can; null for ONNX Runtime. */
  readonly usesXnnpack: boolean | null;
  /** Each operator, in the order in which they ran, where they were clocked. */
  readonly layers: readonly RunnerLayer[];
}

/** One operator of a TFLite model. */
export interface RunnerLayer {
  /** Its place in the main subgraph of the file. */
  readonly node: number;
  /** TFLite's number of the operator; where XNNPACK runs it, XNNPACK's own. */
  readonly code: number;
  readonly isXnnpack: boolean;
  /** "" for an operator of TFLite's own. */
  readonly custom: string;
  /** Names of the tensors that it gives. */
  readonly outputs: readonly string[];
  /** In each timed run. */
  readonly runSeconds: readonly number[];
}

export interface RunnerOutput {
  readonly name: string;
  /** The runtime's number of the element type; 0 for what is no tensor of numbers. */
  readonly type: number;
  readonly shape: readonly number[];
}

/** `strerror` of ENOSPC in every C library. */
const NO_SPACE = "No space left on device";
const NANOSECOND = 1e-9;
const KIBIBYTE = 1024;
/** Exit codes of runners. */
const CRASHED = 3;
/** Of a shell: what SIGKILL ended, and what is there but may not be executed. */
const KILLED = 128 + 9;
const NOT_EXECUTABLE = 126;
const SIGNALS: Readonly<Record<number, string>> = {
  4: "an instruction that the processor does not have",
  6: "an abort",
  7: "a bus error",
  8: "an arithmetic error",
  11: "a segmentation fault",
};

/** What a runner left when it ended. */
export interface EndedRunner {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/**
 * @param device what messages call it
 * @param runtime "ONNX Runtime"
 * @throws {RunError} when the runtime refuses the model or fails
 * @throws {DeviceError} when the runner did not start or crashed
 */
export function readRunnerAnswer(
  device: string,
  runtime: string,
  { stdout, stderr, exitCode }: EndedRunner,
): RunnerResult {
  const answer = readJson(stdout);
  if (typeof answer?.error === "string" && answer.error.includes(NO_SPACE)) throw noSpace(device);
  if (answer?.ok === true) return readResult(device, answer);
  if (answer !== undefined && exitCode !== CRASHED && typeof answer.error === "string")
    throw new RunError(`${device}: ${runtime} cannot ${deed(answer.stage)}: ${oneLine(answer.error)}`);
  if (answer !== undefined && typeof answer.signal === "number")
    throw new DeviceError(
      "crashed",
      `${device}: ${runtime} crashed while it was to ${deed(answer.stage)}: ${SIGNALS[answer.signal] ?? `signal ${answer.signal}`}`,
      { hint: OTHER_RUNTIME },
    );
  if (exitCode === KILLED)
    throw new DeviceError("killed", `${device}: ${runtime} was killed while it ran the model`, { hint: FREE_MEMORY });
  const said = oneLine(stderr.replaceAll(/^progress .*$/gm, ""));
  if (exitCode === NOT_EXECUTABLE)
    throw new DeviceError("not-executable", `${device}: ${runtime} may not be started there: ${said}`, {
      hint: MAY_NOT_START,
    });
  throw new DeviceError(
    "failed",
    `${device}: the runner ended with exit code ${exitCode}${said === "" ? "" : `: ${said}`}`,
    { hint: RUN_AGAIN },
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
function readResult(device: string, answer: Readonly<Record<string, unknown>>): RunnerResult {
  const number = (name: string): number => {
    const value = ownEntry(answer, name);
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw new DeviceError("failed", `${device}: the runner's answer has no number "${name}"`, { hint: RUN_AGAIN });
  };
  const kibibytes = (name: string): number | null => (number(name) > 0 ? number(name) * KIBIBYTE : null);
  const { version, runNs, outputs, xnnpack, layers } = answer;
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
    usesXnnpack: typeof xnnpack === "boolean" ? xnnpack : null,
    layers: Array.isArray(layers) ? layers.flatMap(readLayer) : [],
  };
}

export function peakMemoryOf({
  peakBytes,
  baselineBytes,
}: Pick<RunnerResult, "peakBytes" | "baselineBytes">): PeakResidentMemory | NotMeasured {
  return peakBytes === null
    ? { reason: "The system does not tell the memory of processes." }
    : { peakBytes, baselineBytes };
}

function readOutput(value: unknown): readonly RunnerOutput[] {
  if (typeof value !== "object" || value === null || !("name" in value) || !("type" in value)) return [];
  const { name, type } = value;
  if (typeof name !== "string" || typeof type !== "number") return [];
  return [{ name, type, shape: numbersOf("shape" in value ? value.shape : undefined) }];
}

function readLayer(value: unknown): readonly RunnerLayer[] {
  if (!isRecord(value)) return [];
  const { node, code, xnnpack, custom, outputs, ns } = value;
  if (typeof node !== "number" || typeof code !== "number") return [];
  const names = Array.isArray(outputs) ? outputs.filter((name) => typeof name === "string") : [];
  const runSeconds = numbersOf(ns).map((time) => time * NANOSECOND);
  const name = typeof custom === "string" ? custom : "";
  return [{ node, code, isXnnpack: xnnpack === true, custom: name, outputs: names, runSeconds }];
}

function numbersOf(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "number") : [];
}

function readJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Without the stop at its end: sentences go on behind it. */
function oneLine(text: string): string {
  return text
    .replaceAll(/\s*\n\s*/g, " ")
    .trim()
    .replace(/\.$/, "");
}
