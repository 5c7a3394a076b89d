import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileSource } from "../bytes/file-source.ts";
import { ExternalDataFolder } from "../bytes/external-data-folder.ts";
import { LimitError, ModelFormatError } from "../errors.ts";
import { readModel } from "../formats/formats.ts";
import type { Model } from "../model/model.ts";
import { folderOf, loadOnnx } from "../runtime/onnx-session.ts";
import type { ProfiledLevel } from "./profiled-level.ts";

const LOG_FATAL = 4;

/** An operator of a graph by the names of its tensors. */
export interface OptimizedOperator {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * The operators of the main graph that ONNX Runtime runs at a level of optimizations, in the order in which it runs them: what it makes
 * of the model, written by this machine's ONNX Runtime and read as any other model. Neither level depends on the processor, but for
 * signed activations, which are made unsigned on x86.
 *
 * @returns undefined where what it wrote cannot be read: of some models with bodies it writes weights twice
 */
export async function optimizedOperators(
  model: Model,
  level: ProfiledLevel = "basic",
  signal?: AbortSignal,
): Promise<readonly OptimizedOperator[] | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "edgewise-optimized-"));
  try {
    const path = join(folder, "optimized.onnx");
    await writeOptimized(model, path, level, signal);
    const source = await FileSource.open(path);
    try {
      const { nodes, tensors } = (await readModel(source, new ExternalDataFolder(path))).entries[0].graph;
      const named = (ids: readonly number[]): readonly string[] => ids.map((id) => tensors[id]?.name ?? "");
      return nodes.map(({ op, name, inputs, outputs }) => ({
        op,
        name,
        inputs: named(inputs),
        outputs: named(outputs),
      }));
    } finally {
      await source.close();
    }
  } catch (error) {
    if (error instanceof ModelFormatError || error instanceof LimitError) return undefined;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Weights go to a file of their own, so that models beyond 2 GiB can be written too. */
async function writeOptimized(
  model: Model,
  path: string,
  level: ProfiledLevel,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = {
    executionProviders: ["cpu"],
    graphOptimizationLevel: level,
    logSeverityLevel: LOG_FATAL,
    optimizedModelFilePath: path,
    extra: {
      session: {
        optimized_model_external_initializers_file_name: "optimized.data",
        optimized_model_external_initializers_min_size_in_bytes: "1024",
        model_external_initializers_file_folder_path: folderOf(model),
      },
    },
  } as const;
  const loaded = await loadOnnx(model, options, [], signal);
  await loaded.close();
}
