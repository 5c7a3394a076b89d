import type { ByteTarget } from "./atomic-file.ts";
import type { ByteSource } from "./byte-source.ts";

/** A stretch of a file to be written: bytes of another file, or new ones. */
export type ByteSegment =
  | { readonly source: ByteSource; readonly offset: number; readonly length: number }
  | { readonly bytes: Uint8Array; readonly length: number };

/** Bytes that are made as they are written. */
export interface ByteStream {
  readonly byteLength: number;
  writeTo(target: ByteTarget): Promise<void>;
}

/** Copied at once: large enough for a fast disk, small beside a model. */
const LONGEST_COPY = 2 ** 20;

export function bytesSegment(bytes: Uint8Array): ByteSegment {
  return { bytes, length: bytes.length };
}

export function lengthOf(segments: readonly ByteSegment[]): number {
  return segments.reduce((sum, { length }) => sum + length, 0);
}

/** Neighbours of one file become one segment: thousands of small copies become a few large ones. */
function joined(segments: readonly ByteSegment[]): readonly ByteSegment[] {
  const result: ByteSegment[] = [];
  for (const segment of segments) {
    const last = result.at(-1);
    const continues =
      last &&
      "source" in last &&
      "source" in segment &&
      last.source === segment.source &&
      last.offset + last.length === segment.offset;
    if (continues) result[result.length - 1] = { ...last, length: last.length + segment.length };
    else if (segment.length > 0) result.push(segment);
  }
  return result;
}

/**
 * @param onBytes told how many bytes went out
 * @throws {FileChangedError} when a file that is copied from was changed meanwhile
 */
export async function writeSegments(
  segments: readonly ByteSegment[],
  target: ByteTarget,
  onBytes: (count: number) => void = () => undefined,
): Promise<void> {
  const parts = joined(segments);
  const scratch = new Uint8Array(parts.reduce((most, part) => Math.max(most, copiedAtOnce(part)), 0));
  for (const segment of parts) {
    if ("bytes" in segment) {
      await target.write(segment.bytes);
      onBytes(segment.length);
      continue;
    }
    for (let done = 0; done < segment.length; done += LONGEST_COPY) {
      const count = Math.min(LONGEST_COPY, segment.length - done);
      await target.write(await segment.source.read(segment.offset + done, count, scratch));
      onBytes(count);
    }
  }
}

function copiedAtOnce(segment: ByteSegment): number {
  return "bytes" in segment ? 0 : Math.min(LONGEST_COPY, segment.length);
}

/** All segments in memory, one after the other. */
export async function bytesOfSegments(segments: readonly ByteSegment[]): Promise<Uint8Array> {
  const bytes = new Uint8Array(lengthOf(segments));
  let filled = 0;
  const write = (part: Uint8Array): Promise<void> => {
    bytes.set(part, filled);
    filled += part.length;
    return Promise.resolve();
  };
  await writeSegments(segments, { write });
  return bytes;
}
