import { once } from "node:events";
import { constants, createDeflateRaw } from "node:zlib";
import { lengthOf, writeSegments, type ByteSegment } from "../bytes/byte-segments.ts";
import type { Model } from "../model/model.ts";
import { formatOf } from "./formats.ts";

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** @param done share of the bytes, 0 to 1 */
  readonly onProgress?: (done: number) => void;
}

/**
 * Bytes of the model's files as an APK or app bundle holds them: deflate at its best level, which is what a phone downloads. Streamed, so
 * that a file of any size takes little memory.
 * @throws {LoweringError} for a prediction, whose weights have no numbers
 */
export async function downloadBytesOf(model: Model, options: DownloadOptions = {}): Promise<number> {
  return deflatedLength(await formatOf(model).segments(model), options);
}

/** Bytes of a deflate stream (RFC 1951) of the segments. @throws the signal's reason */
export async function deflatedLength(
  segments: readonly ByteSegment[],
  { signal, onProgress }: DownloadOptions = {},
): Promise<number> {
  const deflate = createDeflateRaw({ level: constants.Z_BEST_COMPRESSION });
  let length = 0;
  deflate.on("data", (part: Buffer) => (length += part.length));
  const ended = once(deflate, "end");
  // Its failure is thrown where it is awaited.
  ended.catch(() => undefined);
  const whole = lengthOf(segments);
  let done = 0;
  const write = async (part: Uint8Array): Promise<void> => {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      deflate.write(part, (error) => (error ? reject(error) : resolve()));
    });
  };
  try {
    await writeSegments(segments, { write }, (count) => onProgress?.((done += count) / whole));
    deflate.end();
    await ended;
    signal?.throwIfAborted();
    return length;
  } finally {
    deflate.destroy();
  }
}
