import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/** Bytes at each end of a file that its digest is made of: a model's header and its last weights, however large it is. */
const DIGESTED_BYTES = 64 * 1024;

/** Which version of a file it is, told without reading all of it. */
export interface FileIdentity {
  readonly size: number;
  readonly modifiedMilliseconds: number;
  /** SHA-256 of the file's first and last bytes. */
  readonly digest: string;
}

/** @throws the operating system's error when the file cannot be read */
export async function identityOf(path: string): Promise<FileIdentity> {
  const file = await open(path);
  try {
    const { size, mtimeMs } = await file.stat();
    const hash = createHash("sha256");
    for (const position of [0, Math.max(0, size - DIGESTED_BYTES)]) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(DIGESTED_BYTES), 0, DIGESTED_BYTES, position);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return { size, modifiedMilliseconds: mtimeMs, digest: hash.digest("hex") };
  } finally {
    await file.close();
  }
}

/** Weights in the middle of a file can change without its ends: then its time tells. */
export function isSameFile(a: FileIdentity | undefined, b: FileIdentity | undefined): boolean {
  return a?.size === b?.size && a?.modifiedMilliseconds === b?.modifiedMilliseconds && a?.digest === b?.digest;
}
