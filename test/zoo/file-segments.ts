import { open } from "node:fs/promises";

import type { ByteSource } from "../../profiler/bytes/byte-source.ts";

/**
 * A file in parts: bytes that stand in memory, and weights that are made only when somebody writes them. So a file of gigabytes costs
 * what its graph costs.
 */
export type FileSegment = Uint8Array | { readonly length: number; readonly chunks: () => Iterable<Uint8Array> };

export function totalLength(segments: readonly FileSegment[]): number {
  return segments.reduce((sum, { length }) => sum + length, 0);
}

export function toBytes(segments: readonly FileSegment[]): Uint8Array {
  return Buffer.concat(
    segments.flatMap((segment) => (segment instanceof Uint8Array ? [segment] : [...segment.chunks()])),
  );
}

/** "hollow" leaves holes for the weights, which read as zeros: the file has its full size and is written in no time. */
export type Fill = "seeded" | "hollow";

export async function writeSegments(
  segments: readonly FileSegment[],
  path: string,
  fill: Fill = "seeded",
): Promise<void> {
  const file = await open(path, "w");
  try {
    let position = 0;
    for (const segment of segments) {
      const start = position;
      const chunks = segment instanceof Uint8Array ? [segment] : fill === "seeded" ? segment.chunks() : [];
      for (const chunk of chunks) {
        await file.write(chunk, 0, chunk.length, position);
        position += chunk.length;
      }
      position = start + segment.length;
    }
    await file.truncate(position);
  } finally {
    await file.close();
  }
}

/** A file that is nowhere: its weights read as zeros, and it keeps account of what was read. */
export class HollowSource implements ByteSource {
  readonly size: number;
  bytesRead = 0;
  private readonly parts: readonly { readonly start: number; readonly bytes: Uint8Array }[];

  constructor(
    readonly name: string,
    segments: readonly FileSegment[],
  ) {
    this.size = totalLength(segments);
    let start = 0;
    this.parts = segments.flatMap((segment) => {
      const part = segment instanceof Uint8Array ? [{ start, bytes: segment }] : [];
      start += segment.length;
      return part;
    });
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    if (offset < 0 || offset + length > this.size) {
      return Promise.reject(new RangeError(`${offset}+${length} lies outside ${this.size} bytes`));
    }
    this.bytesRead += length;
    const result = new Uint8Array(length);
    for (const { start, bytes } of this.parts) {
      const from = Math.max(start, offset);
      const to = Math.min(start + bytes.length, offset + length);
      if (from < to) result.set(bytes.subarray(from - start, to - start), from - offset);
    }
    return Promise.resolve(result);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
