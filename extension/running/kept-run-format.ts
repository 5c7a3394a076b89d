import { ownEntry } from "../../profiler/own-entry.ts";
import { RUN_RESULT_VERSION } from "../../profiler/device/run-result.ts";
import type { KeptRun } from "../../webview/protocol/running.ts";
import type { KeptObservation } from "../worker/measuring-types.ts";

/** A run as it is stored: the page has no use for what was learned from it. */
export interface StoredRun extends KeptRun {
  readonly observation: KeptObservation | null;
}

/** Whether a value read from a file has a shape. */
type Check = (value: unknown) => boolean;

/** The kept runs of a model as text. */
export function formatKeptRuns(runs: readonly StoredRun[]): string {
  return JSON.stringify(runs);
}

/**
 * Reads kept runs. What makes no sense, or is of an older shape, is passed over: a run that is lost can be made again, and one that is
 * half there would break the page.
 * @throws {SyntaxError} when the text is no JSON
 */
export function parseKeptRuns(text: string): readonly StoredRun[] {
  const kept: unknown = JSON.parse(text);
  return Array.isArray(kept) ? kept.filter(isStoredRun) : [];
}

function isStoredRun(value: unknown): value is StoredRun {
  return STORED_RUN(value);
}

const text: Check = (value) => typeof value === "string";
const number: Check = (value) => typeof value === "number" && Number.isFinite(value);
const flag: Check = (value) => typeof value === "boolean";
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const record =
  (check: Check): Check =>
  (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(check);
const shape =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(fields).every(([name, check]) => check(ownEntry(value as Readonly<Record<string, unknown>>, name)));

/** What the page reads of a `RunResult`. */
const NOT_MEASURED = shape({ reason: text });

const STATISTICS = shape({
  runs: number,
  median: number,
  mean: number,
  minimum: number,
  maximum: number,
  p90: orNull(number),
  p99: orNull(number),
  standardDeviation: number,
});

const LAYER_TIMES = shape({
  optimization: text,
  runs: number,
  totalSeconds: number,
  rows: list(
    shape({
      layer: number,
      name: text,
      op: text,
      seconds: number,
      spread: orNull(number),
      fused: list(number),
      operators: list(text),
    }),
  ),
  unmapped: list(shape({ name: text, op: orNull(text), seconds: number, reason: text })),
});

const CONDITIONS = shape({
  thermalStatus: orNull(text),
  temperatures: list(shape({ sensor: text, celsius: number })),
  cores: list(shape({ core: number, isOnline: flag, hertz: orNull(number) })),
});

const RESULT = shape({
  version: oneOf(RUN_RESULT_VERSION),
  startedAt: text,
  model: shape({ file: text, part: optional(text), format: oneOf("onnx", "tflite"), fileBytes: number, sha256: text }),
  device: shape({ kind: oneOf("host", "android"), serial: orNull(text), name: text, system: text, soc: orNull(text) }),
  runtime: shape({ name: text, version: orNull(text), description: text }),
  settings: shape({
    threads: number,
    warmUpRuns: number,
    runs: number,
    dimensions: record(number),
    inputs: text,
    cores: orNull(list(number)),
    delegate: orNull(text),
  }),
  latency: shape({
    loadSeconds: orNull(number),
    firstRunSeconds: orNull(number),
    statistics: STATISTICS,
    runSeconds: list(number),
  }),
  layers: either(NOT_MEASURED, LAYER_TIMES),
  memory: either(NOT_MEASURED, shape({ peakBytes: number, baselineBytes: orNull(number) })),
  energy: either(NOT_MEASURED, shape({ joulesPerInference: number, rails: list(shape({ name: text })) })),
  conditions: shape({ before: CONDITIONS, after: CONDITIONS }),
  throttling: list(text),
  outputs: shape({
    verdict: oneOf("equal", "differs", "not-compared"),
    tolerance: number,
    outputs: list(shape({ name: text, maxRelative: orNull(number) })),
  }),
  notes: list(text),
});

const OBSERVATION = shape({
  roofline: text,
  observed: shape({
    file: text,
    sha256: text,
    seconds: number,
    groups: list(shape({ parts: record(number), roofline: number, operators: number, seconds: number })),
  }),
});

const STORED_RUN = shape({
  id: text,
  result: RESULT,
  edits: list(text),
  estimate: orNull(number),
  observation: orNull(OBSERVATION),
});
