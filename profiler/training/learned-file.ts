import { createHash } from "node:crypto";
import * as v from "valibot";
import { ModelFormatError } from "../errors.ts";
import { jsonOf, size } from "../outside-data.ts";

/** First bytes of a file of learned weights. */
const MAGIC = "edgewise-learned-1\n";

/** Names learned weights by their bytes: the first half of the SHA-256. The editor loads this without what trains. */
export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 32);
}

/**
 * What a list's edits learned, as one file beside it: after the first line a JSON object of their lengths by their hashes, on a line of its
 * own, then the bytes in that order.
 */
export function formatLearned(learned: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const lengths = Object.fromEntries([...learned].map(([hash, { length }]) => [hash, length]));
  const head = new TextEncoder().encode(`${MAGIC}${JSON.stringify(lengths)}\n`);
  return new Uint8Array(Buffer.concat([head, ...learned.values()]));
}

/**
 * @param file what messages call it
 * @throws {ModelFormatError} when it is no such file, or was damaged
 */
export function parseLearned(bytes: Uint8Array, file: string): ReadonlyMap<string, Uint8Array> {
  const fault = (expected: string): ModelFormatError => new ModelFormatError(file, "learned weights", expected);
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, MAGIC.length));
  const end = bytes.indexOf(NEW_LINE, MAGIC.length);
  if (text !== MAGIC || end < 0) throw fault("expected a file that Edgewise wrote beside a list of edits");
  const learned = new Map<string, Uint8Array>();
  let offset = end + 1;
  for (const [hash, length] of lengthsOf(new TextDecoder().decode(bytes.subarray(MAGIC.length, end)), fault)) {
    const part = bytes.slice(offset, offset + length);
    if (part.length !== length || hashOf(part) !== hash)
      throw fault(`expected ${length} bytes of ${hash} at byte ${offset}`);
    learned.set(hash, part);
    offset += length;
  }
  return learned;
}

const NEW_LINE = 10;

const LENGTHS = v.record(v.string(), size);

function lengthsOf(line: string, fault: (expected: string) => Error): readonly (readonly [string, number])[] {
  const lengths = jsonOf(LENGTHS, line);
  if (lengths === undefined) throw fault("expected an object of lengths in bytes as JSON on the second line");
  return Object.entries(lengths);
}
