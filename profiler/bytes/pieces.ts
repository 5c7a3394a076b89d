import type { ByteTarget } from "./atomic-file.ts";
import type { ByteSource } from "./byte-source.ts";

/** A stretch of a file to be written: bytes of another file, or new ones. */
export type Piece =
  | { readonly source: ByteSource; readonly offset: number; readonly length: number }
  | { readonly bytes: Uint8Array; readonly length: number };

/** Copied at once: large enough for a fast disk, small beside a model. */
const LONGEST_COPY = 2 ** 22;

export function bytesPiece(bytes: Uint8Array): Piece {
  return { bytes, length: bytes.length };
}

export function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** Neighbours of one file become one piece: thousands of small copies become a few large ones. */
export function joined(pieces: readonly Piece[]): readonly Piece[] {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    const continues =
      last &&
      "source" in last &&
      "source" in piece &&
      last.source === piece.source &&
      last.offset + last.length === piece.offset;
    if (continues) result[result.length - 1] = { ...last, length: last.length + piece.length };
    else if (piece.length > 0) result.push(piece);
  }
  return result;
}

/**
 * @param onBytes told how many bytes went out
 * @throws {FileChangedError} when a file that is copied from was changed meanwhile
 */
export async function writePieces(
  pieces: readonly Piece[],
  target: ByteTarget,
  onBytes: (count: number) => void = () => undefined,
): Promise<void> {
  for (const piece of joined(pieces)) {
    if ("bytes" in piece) {
      await target.write(piece.bytes);
      onBytes(piece.length);
      continue;
    }
    for (let done = 0; done < piece.length; done += LONGEST_COPY) {
      const count = Math.min(LONGEST_COPY, piece.length - done);
      await target.write(await piece.source.read(piece.offset + done, count));
      onBytes(count);
    }
  }
}

/** All pieces in memory, one after the other. */
export async function bytesOfPieces(pieces: readonly Piece[]): Promise<Uint8Array> {
  const bytes = new Uint8Array(lengthOf(pieces));
  let filled = 0;
  const write = (part: Uint8Array): Promise<void> => {
    bytes.set(part, filled);
    filled += part.length;
    return Promise.resolve();
  };
  await writePieces(pieces, { write });
  return bytes;
}
