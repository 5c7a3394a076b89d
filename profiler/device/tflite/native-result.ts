import type { LayerProfile } from "../../profile.ts";
import { latencyOf } from "../latency-statistics.ts";
import type { RunResult } from "../run-result.ts";
import { peakMemoryOf, type RunnerResult } from "../runner/runner-answer.ts";
import { mapNativeLayers } from "./map-layers.ts";

/**
 * What two runs of TFLite's own runtime say.
 * @param main as XNNPACK takes the model
 * @param traced one operator at a time
 */
export function nativeResult(
  main: RunnerResult,
  traced: RunnerResult,
  rows: readonly LayerProfile[],
): Pick<RunResult, "runtime" | "latency" | "layers" | "memory"> {
  return {
    runtime: {
      name: "TFLite",
      version: main.version,
      kind: "native",
      description: main.usesXnnpack === true ? "CPU, XNNPACK" : "CPU, without XNNPACK: sizes are known in a run alone",
    },
    latency: latencyOf(main),
    layers: mapNativeLayers(traced, rows),
    memory: peakMemoryOf(main),
  };
}
