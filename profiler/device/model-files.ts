import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { ByteSource } from "../bytes/byte-source.ts";
import { MemorySource } from "../bytes/memory-source.ts";
import { RunError } from "../errors.ts";
import { modelBytes } from "../formats/formats.ts";
import { isMain } from "../model/choose-entry.ts";
import { isEdited } from "../model/edited.ts";
import type { Model } from "../model/model.ts";

export interface ModelFile {
  /** Relative to the folder that they are all put in, as the model spells it. */
  readonly path: string;
  readonly source: ByteSource;
}

const HASH_CHUNK = 2 ** 22;

/** The model's own file, or that which it would be written to; of another entry than its first a file that starts with it. */
export async function fileOf(model: Model): Promise<ByteSource> {
  const { source, file } = model;
  return source === undefined || isEdited(model) || !isMain(model)
    ? new MemorySource(file, await modelBytes(model))
    : source;
}

/**
 * What a run of a model needs beside each other: its own file first, then its data files.
 * @param source the model's own file
 * @throws {RunError} for a data file that would not stay in the folder; reading has refused such already
 */
export function filesOf({ dataFiles, file }: Model, source: ByteSource): readonly ModelFile[] {
  const data = [...(dataFiles ?? [])].map(([spelled, each]) => ({ path: posix.normalize(spelled), source: each }));
  const outside = data.find(({ path }) => path.startsWith("../") || posix.isAbsolute(path));
  if (outside !== undefined) throw new RunError(`${file}: its data file "${outside.path}" lies outside its folder`);
  let path = "model.onnx";
  while (data.some((each) => each.path === path)) path = `_${path}`;
  return [{ path, source }, ...data];
}

/** SHA-256 of a model and its data files, in hexadecimal digits. */
export async function hashOfModel(model: Model): Promise<string> {
  return hashOf(filesOf(model, await fileOf(model)));
}

/** SHA-256 of all files, one after the other, in hexadecimal digits. */
export async function hashOf(files: readonly ModelFile[]): Promise<string> {
  const hash = createHash("sha256");
  for (const { source } of files) {
    for (let offset = 0; offset < source.size; offset += HASH_CHUNK)
      hash.update(await source.read(offset, Math.min(HASH_CHUNK, source.size - offset)));
  }
  return hash.digest("hex");
}
