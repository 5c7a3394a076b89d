import { onnxBytes, writeOnnx } from "./onnx/write.ts";
import { tfliteBytes, writeTflite } from "./tflite/write.ts";
import type { Model } from "../model/model.ts";

export interface WriteOptions {
  readonly signal?: AbortSignal;
  /** @param done share of the bytes, 0 to 1 */
  readonly onProgress?: (done: number) => void;
}

const WRITERS = {
  onnx: { write: writeOnnx, bytes: onnxBytes },
  tflite: { write: writeTflite, bytes: tfliteBytes },
} satisfies Record<Model["format"], unknown>;

/**
 * Writes a model in its own format. What no edit touched is as it was; the file at `path` changes whole or not at all.
 * @throws {EdgewiseError} when it cannot be written, or the file it is made from changed
 */
export function writeModel(model: Model, path: string, options: WriteOptions = {}): Promise<void> {
  return WRITERS[model.format].write(model, path, options);
}

/** A model in memory as the file it would be written to, for running it right away. */
export function modelBytes(model: Model): Promise<Uint8Array> {
  return WRITERS[model.format].bytes(model);
}
