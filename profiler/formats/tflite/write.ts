import { writeAtomically } from "../../bytes/atomic-file.ts";
import { bytesOfSegments, lengthOf, writeSegments, type ByteSegment } from "../../bytes/byte-segments.ts";
import type { Constant, Model, TensorId } from "../../model/model.ts";
import { isMain, placeOf } from "../../model/choose-entry.ts";
import { isEdited } from "../../model/edited.ts";
import { payloadOf } from "../../neutral/edited-model.ts";
import { editTables } from "./write/edit-tables.ts";
import { layOut } from "./write/file-layout.ts";
import { makeMain } from "./write/main-subgraph.ts";
import { knownTables, readTables } from "./write/read-tables.ts";
import { trailingArchive } from "./write/trailing-archive.ts";

export interface WriteOptions {
  readonly signal?: AbortSignal;
  /** @param done share of the bytes, 0 to 1 */
  readonly onProgress?: (done: number) => void;
  /** See `AtomicWriteOptions`. */
  readonly onNote?: (note: string) => void;
}

/**
 * Writes a model to `path`: an edited one is built anew from the tables of its file, with every table, signature and metadata kept, and
 * its weights are streamed from there; one without edits is copied. The file at `path` changes whole or not at all.
 *
 * @throws {FileAccessError} when it cannot be written
 * @throws {FileChangedError} when the file that is copied from changed meanwhile
 * @throws {LoweringError} for a prediction, whose weights have no numbers
 */
export async function writeTflite(model: Model, path: string, options: WriteOptions = {}): Promise<void> {
  const segments = await tfliteSegments(model);
  const total = lengthOf(segments);
  let done = 0;
  const onBytes = (count: number): void => options.onProgress?.((done += count) / total);
  await writeAtomically(path, (target) => writeSegments(segments, target, onBytes), options);
}

/**
 * The model as a file in memory, for running it right away: its first entry is the subgraph that runtimes start from.
 * @throws {LoweringError} for a prediction
 */
export async function tfliteBytes(model: Model): Promise<Uint8Array> {
  return bytesOfSegments(
    isMain(model) ? await tfliteSegments(model) : (await rebuiltFile(model, payloadOf, true)).segments,
  );
}

/** Bytes of the file that an edited model makes; of a prediction too, whose weights have a size and no numbers. */
export async function tfliteFileBytes(model: Model): Promise<number> {
  return lengthOf((await rebuiltFile(model, plannedPayload, false, knownTables)).segments);
}

/**
 * All bytes that `writeTflite` would write.
 * @throws {LoweringError} for a prediction
 */
export async function tfliteSegments(model: Model): Promise<readonly ByteSegment[]> {
  const { source } = model;
  if (source === undefined) throw new RangeError(`${model.file} was not read from a file`);
  return isEdited(model) ? rebuilt(model) : [{ source, offset: 0, length: source.size }];
}

/** The file built anew from its tables, edited or not. */
export async function rebuilt(model: Model, payload = payloadOf): Promise<readonly ByteSegment[]> {
  return (await rebuiltFile(model, payload)).segments;
}

interface RebuiltFile {
  readonly segments: readonly ByteSegment[];
  readonly numbers: ReadonlyMap<TensorId, number>;
}

/** @param isToRun whether it starts with the model's first entry; otherwise all subgraphs have the places that they have in the file */
async function rebuiltFile(
  model: Model,
  payload = payloadOf,
  isToRun = false,
  tablesOf = readTables,
): Promise<RebuiltFile> {
  const { source } = model;
  if (source === undefined) throw new RangeError(`${model.file} was not read from a file`);
  const { tables, data, numbers } = await editTables(await tablesOf(source), model, payload);
  if (isToRun) makeMain(tables, placeOf(model.entries[0]));
  const segments = layOut(tables, data, source);
  const archive = await trailingArchive(source);
  return { segments: archive ? [...segments, ...archive.movedTo(lengthOf(segments))] : segments, numbers };
}

/** A model as a file in memory that runs its first entry, and where its tensors are there: what an edit took out leaves no gap. */
export interface NumberedFile {
  readonly bytes: Uint8Array;
  /** Of a tensor of the model's first entry, by its id in the model. */
  readonly numberOf: (tensor: TensorId) => number;
}

/** @throws {LoweringError} for a prediction */
export async function numberedTflite(model: Model): Promise<NumberedFile> {
  if (!isEdited(model) && isMain(model)) return { bytes: await tfliteBytes(model), numberOf: (tensor) => tensor };
  const { segments, numbers } = await rebuiltFile(model, payloadOf, true);
  return { bytes: await bytesOfSegments(segments), numberOf: (tensor) => numbers.get(tensor) ?? tensor };
}

function plannedPayload({ storedBytes }: Constant): Promise<ByteSegment> {
  return Promise.resolve({ bytes: new Uint8Array(0), length: storedBytes });
}
