import { bytesSegment, type ByteSegment } from "../bytes/byte-segments.ts";
import type { Constant } from "../model/model.ts";
import { rawFromTyped } from "../model/typed-elements.ts";
import { LoweringError } from "./lowering-error.ts";

/**
 * Raw elements of a constant; those of a file are copied from there when they are written.
 * @throws {LoweringError} for weights that were only planned
 */
export async function payloadOf({ storage, dataType, storedBytes }: Constant): Promise<ByteSegment> {
  if (storage.kind === "bytes" && storage.encoding === "raw") return bytesSegment(storage.bytes);
  if (storage.kind === "range") {
    const { source, offset, length, encoding } = storage;
    if (encoding === "raw" || encoding === "packed-float" || encoding === "packed-double")
      return { source, offset, length };
    return bytesSegment(rawFromTyped(dataType, encoding, await source.read(offset, length)));
  }
  if (storedBytes === 0) return bytesSegment(new Uint8Array(0));
  throw new LoweringError("the model is a prediction: its new weights have no numbers that could be written");
}

/** As many bytes as `payloadOf`, of weights that were only planned too: nothing is read. */
export function plannedPayload({ storage, storedBytes }: Constant): ByteSegment {
  if (storage.kind === "range" && storage.encoding === "raw")
    return { source: storage.source, offset: storage.offset, length: storage.length };
  return { bytes: NOTHING, length: storedBytes };
}

/** Stands for weights that are measured and never written. */
const NOTHING = new Uint8Array(0);

/** All that a file holds of a constant: of a sparse one its values, and the numbers that say where they belong. */
export async function payloadsOf(constant: Constant): Promise<readonly ByteSegment[]> {
  const { storage } = constant;
  if (storage.kind !== "sparse") return [await payloadOf(constant)];
  return (await Promise.all(storage.parts.map((part) => payloadsOf({ ...constant, storage: part })))).flat();
}
