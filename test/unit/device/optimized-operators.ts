import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { readOptimized, type OptimizedOperator } from "../../../profiler/device/optimized-graph.ts";
import type { ProfiledLevel } from "../../../profiler/device/profiled-level.ts";
import { modelBytes } from "../../../profiler/formats/formats.ts";
import { loadOnnxRuntime } from "../../../profiler/onnx-runtime.ts";
import type { Model } from "../../../profiler/model/model.ts";

/** What ONNX Runtime makes of a model here, as a run would write it. */
export async function optimizedOperators(
  model: Model,
  graphOptimizationLevel: ProfiledLevel,
): Promise<readonly OptimizedOperator[] | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-optimized-"));
  const optimizedModelFilePath = join(folder, "optimized.onnx");
  try {
    const options = { graphOptimizationLevel, optimizedModelFilePath, logSeverityLevel: 4 } as const;
    const session = await (await loadOnnxRuntime()).InferenceSession.create(await modelBytes(model), options);
    await session.release();
    const source = await FileSource.open(optimizedModelFilePath);
    try {
      return await readOptimized(source);
    } finally {
      await source.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
