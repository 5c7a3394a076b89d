import type { ByteSource, ExternalDataFiles } from "../bytes/byte-source.ts";
import { openModelFile } from "../formats/bundles/open-model-file.ts";
import { MemorySource } from "../bytes/memory-source.ts";
import { ExternalDataFolder } from "../bytes/external-data-folder.ts";
import { ExternalDataError } from "../errors.ts";
import { readModel } from "../profile-model.ts";
import { innerTensors } from "./inner-tensors.ts";
import { inputRanges } from "./input-ranges.ts";
import { openLitertSession } from "./litert-session.ts";
import { openOnnxSession } from "./onnx-session.ts";
import type { RunnableModel, Session, SessionOptions } from "./session.ts";

/**
 * Makes a model ready to run on this machine: ONNX with ONNX Runtime, TFLite with LiteRT.js. Its bytes are read as hostile ones first, so
 * that neither runtime sees a broken file.
 *
 * @throws {EdgewiseError} when the file is no model or is broken, an inner tensor cannot be captured, or the runtime refuses the model
 */
export async function openSession(runnable: RunnableModel, options: SessionOptions = {}): Promise<Session> {
  const source = await openSource(runnable);
  try {
    const model = await readModel(source, externalDataOf(runnable));
    const ranges = inputRanges(model);
    const inner = innerTensors(model, options.tensors ?? []);
    if (model.format === "tflite") return await openLitertSession(model, source, ranges, inner);
    return await openOnnxSession(runnable, source, ranges, { ...options, tensors: inner.map(({ name }) => name) });
  } finally {
    await source.close();
  }
}

export async function openSource(runnable: RunnableModel): Promise<ByteSource> {
  return "path" in runnable ? openModelFile(runnable.path) : new MemorySource(runnable.name, runnable.bytes);
}

export function externalDataOf(runnable: RunnableModel): ExternalDataFiles {
  if ("path" in runnable) return new ExternalDataFolder(runnable.path);
  if (runnable.basePath !== undefined) return new ExternalDataFolder(runnable.basePath);
  return {
    open: (path) =>
      Promise.reject(
        new ExternalDataError(`${runnable.name}: its data file "${path}" is not there for bytes in memory`),
      ),
  };
}
