import * as v from "valibot";
import { RunError } from "../../errors.ts";
import { checked, fields, finite, jsonOf, listOf } from "../../outside-data.ts";
import { ownEntry } from "../../own-entry.ts";
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

/** What a runner writes: what it did, or what it could not do. */
const ANSWER = v.looseObject({
  ok: v.fallback(v.boolean(), false),
  error: v.fallback(v.optional(v.string()), undefined),
  signal: v.fallback(v.optional(v.number()), undefined),
  stage: v.fallback(v.string(), ""),
});

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
  const answer = jsonOf(ANSWER, stdout);
  const { error, signal, stage = "" } = answer ?? {};
  if (error?.includes(NO_SPACE)) throw noSpace(device);
  if (answer?.ok === true) return readResult(device, answer);
  if (exitCode !== CRASHED && error !== undefined)
    throw new RunError(`${device}: ${runtime} cannot ${deed(stage)}: ${oneLine(error)}`);
  if (signal !== undefined)
    throw new DeviceError(
      "crashed",
      `${device}: ${runtime} crashed while it was to ${deed(stage)}: ${SIGNALS[signal] ?? `signal ${signal}`}`,
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

function deed(stage: string): string {
  return ownEntry(DEEDS, stage) ?? "start";
}

const numbers = v.fallback(v.array(v.number()), []);
const word = v.fallback(v.string(), "");

const RESULT = fields({
  version: word,
  loadNs: finite(),
  firstNs: finite(),
  loopNs: finite(),
  runs: finite(),
  runNs: numbers,
  baselineKb: finite(),
  peakKb: finite(),
  outputs: listOf(fields({ name: v.string(), type: v.number(), shape: numbers })),
  xnnpack: v.fallback(v.nullable(v.boolean()), null),
  layers: listOf(
    fields({
      node: v.number(),
      code: v.number(),
      xnnpack: v.fallback(v.boolean(), false),
      custom: word,
      outputs: listOf(v.string()),
      ns: numbers,
    }),
  ),
});

/** @throws {DeviceError} when a field is not what the runner writes */
function readResult(device: string, answer: unknown): RunnerResult {
  const result = checked(
    RESULT,
    answer,
    `${device}: the runner's answer`,
    (message) => new DeviceError("failed", message, { hint: RUN_AGAIN }),
  );
  const seconds = (nanoseconds: number): number => nanoseconds * NANOSECOND;
  const bytes = (kibibytes: number): number | null => (kibibytes > 0 ? kibibytes * KIBIBYTE : null);
  return {
    version: result.version,
    loadSeconds: seconds(result.loadNs),
    firstSeconds: seconds(result.firstNs),
    loopSeconds: seconds(result.loopNs),
    runs: result.runs,
    runSeconds: result.runNs.map(seconds),
    baselineBytes: bytes(result.baselineKb),
    peakBytes: bytes(result.peakKb),
    outputs: result.outputs,
    usesXnnpack: result.xnnpack,
    layers: result.layers.map(({ node, code, xnnpack, custom, outputs, ns }) => ({
      node,
      code,
      isXnnpack: xnnpack,
      custom,
      outputs,
      runSeconds: ns.map(seconds),
    })),
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

/** Without the stop at its end: sentences go on behind it. */
function oneLine(text: string): string {
  return text
    .replaceAll(/\s*\n\s*/g, " ")
    .trim()
    .replace(/\.$/, "");
}
