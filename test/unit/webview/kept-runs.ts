import { latencyStatistics } from "../../../profiler/device/latency-statistics.ts";
import { RUN_RESULT_VERSION, type LayerTimes, type RunResult } from "../../../profiler/device/run-result.ts";
import type { StoredRun } from "../../../extension/running/kept-run-format.ts";
import type { KeptRun } from "../../../webview/protocol/running.ts";

/** Runs made by hand, for tests of what is done with them. */

export function runResult(runSeconds: readonly number[], fields: Partial<RunResult> = {}): RunResult {
  return {
    version: RUN_RESULT_VERSION,
    startedAt: "2026-03-01T12:00:00.000Z",
    model: { file: "model.onnx", format: "onnx", fileBytes: 5000, sha256: "00" },
    device: {
      kind: "android",
      serial: "serial",
      name: "Google Pixel 8",
      system: "Android 14 (API level 34)",
      soc: "Google Tensor G3",
      abis: ["arm64-v8a"],
      cores: 9,
      memoryBytes: 8e9,
    },
    runtime: { name: "ONNX Runtime", version: "1.27.0", kind: "native", description: "CPU" },
    settings: {
      threads: 4,
      warmUpRuns: 3,
      runs: runSeconds.length,
      dimensions: { batch: 1 },
      inputs: "seeded random (seed 0)",
      cores: null,
      delegate: null,
    },
    latency: { loadSeconds: 0.1, firstRunSeconds: 0.02, statistics: latencyStatistics(runSeconds), runSeconds },
    layers: { reason: "not told" },
    memory: { peakBytes: 50e6, baselineBytes: 20e6 },
    energy: { reason: "no rails" },
    conditions: {
      before: { thermalStatus: "none", temperatures: [], cores: [], battery: null },
      after: { thermalStatus: "none", temperatures: [], cores: [], battery: null },
    },
    throttling: [],
    outputs: { verdict: "equal", tolerance: 1e-3, outputs: [] },
    notes: [],
    ...fields,
  };
}

export function keptRun(id: string, runSeconds: readonly number[], fields: Partial<KeptRun> = {}): KeptRun {
  return { id, result: runResult(runSeconds), edits: [], estimate: 1e-3, ...fields };
}

/** As it is stored. */
export function storedRun(id: string, runSeconds: readonly number[], fields: Partial<StoredRun> = {}): StoredRun {
  return { ...keptRun(id, runSeconds), observation: null, ...fields };
}

/** @param rows name, row and seconds of each operator */
export function layerTimes(
  rows: readonly (readonly [name: string, layer: number, seconds: number, fused?: readonly number[]])[],
  unmappedSeconds = 0,
): LayerTimes {
  return {
    optimization: "basic",
    runs: 10,
    totalSeconds: rows.reduce((sum, [, , seconds]) => sum + seconds, unmappedSeconds),
    rows: rows.map(([name, layer, seconds, fused = []]) => ({
      layer,
      name,
      op: "Conv",
      seconds,
      spread: seconds / 100,
      fused,
      operators: [name],
    })),
    unmapped:
      unmappedSeconds === 0 ? [] : [{ name: "between operators", op: null, seconds: unmappedSeconds, reason: "gaps" }],
  };
}
