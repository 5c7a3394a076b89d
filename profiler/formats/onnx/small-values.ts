import { AbsentSource } from "../../bytes/absent-source.ts";
import type { ByteSource } from "../../bytes/byte-source.ts";
import { readConstant } from "../../model/constant-values.ts";
import type { Storage } from "../../model/model.ts";
import { decodeRaw } from "../../model/raw-elements.ts";
import { elementsOf } from "../../model/shape.ts";
import type { PendingConstant } from "./tensors.ts";

type Range = Extract<Storage, { kind: "range" }>;
interface Wanted {
  readonly constant: PendingConstant;
  readonly range: Range;
}

/** Small constants of a data file that stand side by side come with one read; across a larger gap a second read is cheaper. */
const WIDEST_GAP = 4096;
const LONGEST_BATCH = 2 ** 18;

/**
 * Reads the values of small constants that stand in data files; those of missing ones stay unknown.
 * @throws {ModelFormatError} when a sparse one has an index outside its shape
 */
export async function readSmallValues(pending: readonly PendingConstant[]): Promise<void> {
  const wanted: Wanted[] = [];
  for (const constant of pending) {
    const { storage } = constant;
    if (placesOf(storage).some(({ source }) => source instanceof AbsentSource)) continue;
    if (storage.kind === "range") wanted.push({ constant, range: storage });
    else await readOne(constant);
  }
  for (const batch of batches(wanted)) await readBatch(batch);
}

function placesOf(storage: Storage): readonly Range[] {
  if (storage.kind === "sparse") return storage.parts.flatMap(placesOf);
  return storage.kind === "range" ? [storage] : [];
}

async function readOne(constant: PendingConstant): Promise<void> {
  const values = await readConstant(constant);
  if (values !== undefined) constant.values = [...values];
}

function batches(wanted: readonly Wanted[]): readonly (readonly Wanted[])[] {
  const sources = new Map<ByteSource, Wanted[]>();
  for (const one of wanted) {
    const sameSource = sources.get(one.range.source) ?? [];
    sources.set(one.range.source, sameSource);
    sameSource.push(one);
  }
  return [...sources.values()].flatMap(batchesOfSource);
}

function batchesOfSource(wanted: readonly Wanted[]): readonly (readonly Wanted[])[] {
  const sorted = wanted.toSorted((a, b) => a.range.offset - b.range.offset);
  const found: Wanted[][] = [];
  let begin = 0;
  let end = -Infinity;
  for (const one of sorted) {
    const { offset, length } = one.range;
    if (offset - end > WIDEST_GAP || offset + length - begin > LONGEST_BATCH) {
      found.push([]);
      begin = offset;
      end = offset;
    }
    found.at(-1)?.push(one);
    end = Math.max(end, offset + length);
  }
  return found;
}

async function readBatch(batch: readonly Wanted[]): Promise<void> {
  const [first] = batch;
  if (first === undefined) return;
  const begin = first.range.offset;
  const end = Math.max(...batch.map(({ range }) => range.offset + range.length));
  const bytes = await first.range.source.read(begin, end - begin);
  for (const { constant, range } of batch) {
    const own = bytes.subarray(range.offset - begin, range.offset - begin + range.length);
    const values = decodeRaw(constant.dataType, own, elementsOf(constant.shape) ?? 0);
    if (values !== undefined) constant.values = values;
  }
}
