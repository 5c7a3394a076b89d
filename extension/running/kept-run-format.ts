import * as v from "valibot";
import { OBSERVATION } from "../../profiler/device/observation.ts";
import { RUN_RESULT_VERSION } from "../../profiler/device/run-result.ts";
import { FORMAT_IDS } from "../../profiler/formats/format-types.ts";
import { fields } from "../../profiler/outside-data.ts";
import type { KeptRun } from "../../webview/protocol/running.ts";
import type { KeptObservation } from "../worker/measuring-types.ts";

/** A run as it is stored: the page has no use for what was learned from it. */
export interface StoredRun extends KeptRun {
  readonly observation: KeptObservation | null;
}

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
  return Array.isArray(kept) ? kept.filter((run): run is StoredRun => v.is(STORED_RUN, run)) : [];
}

const text = v.string();
const number = v.pipe(v.number(), v.finite());
const flag = v.boolean();

/** What the page reads of a `RunResult`. */
const NOT_MEASURED = fields({ reason: text });

const STATISTICS = fields({
  runs: number,
  median: number,
  mean: number,
  minimum: number,
  maximum: number,
  p90: v.nullable(number),
  p99: v.nullable(number),
  standardDeviation: number,
});

const LAYER_TIMES = fields({
  optimization: text,
  runs: number,
  totalSeconds: number,
  rows: v.array(
    fields({
      layer: number,
      name: text,
      op: text,
      seconds: number,
      spread: v.nullable(number),
      fused: v.array(number),
      operators: v.array(text),
    }),
  ),
  unmapped: v.array(fields({ name: text, op: v.nullable(text), seconds: number, reason: text })),
});

const CONDITIONS = fields({
  thermalStatus: v.nullable(text),
  temperatures: v.array(fields({ sensor: text, celsius: number })),
  cores: v.array(fields({ core: number, isOnline: flag, hertz: v.nullable(number) })),
});

const RESULT = fields({
  version: v.literal(RUN_RESULT_VERSION),
  startedAt: text,
  model: fields({
    file: text,
    part: v.optional(text),
    format: v.picklist(FORMAT_IDS),
    fileBytes: number,
    sha256: text,
  }),
  device: fields({
    kind: v.picklist(["host", "android"]),
    serial: v.nullable(text),
    name: text,
    system: text,
    soc: v.nullable(text),
  }),
  runtime: fields({ name: text, version: v.nullable(text), description: text }),
  settings: fields({
    threads: number,
    warmUpRuns: number,
    runs: number,
    dimensions: v.record(v.string(), number),
    inputs: text,
    cores: v.nullable(v.array(number)),
    delegate: v.nullable(text),
  }),
  latency: fields({
    loadSeconds: v.nullable(number),
    firstRunSeconds: v.nullable(number),
    statistics: STATISTICS,
    runSeconds: v.array(number),
  }),
  layers: v.union([NOT_MEASURED, LAYER_TIMES]),
  memory: v.union([NOT_MEASURED, fields({ peakBytes: number, baselineBytes: v.nullable(number) })]),
  energy: v.union([NOT_MEASURED, fields({ joulesPerInference: number, rails: v.array(fields({ name: text })) })]),
  conditions: fields({ before: CONDITIONS, after: CONDITIONS }),
  throttling: v.array(text),
  outputs: fields({
    verdict: v.picklist(["equal", "differs", "not-compared"]),
    tolerance: number,
    outputs: v.array(fields({ name: text, maxRelative: v.nullable(number) })),
  }),
  notes: v.array(text),
});

const KEPT_OBSERVATION = fields({ roofline: text, observed: OBSERVATION });

const STORED_RUN = fields({
  id: text,
  result: RESULT,
  edits: v.array(text),
  estimate: v.nullable(number),
  observation: v.nullable(KEPT_OBSERVATION),
});
