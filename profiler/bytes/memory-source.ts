import type { ByteSource } from "./byte-source.ts";
import { checkBounds } from "./read-bounds.ts";

/** Bytes that are in memory already: models of virtual file systems, and those of tests. */
export class MemorySource implements ByteSource {
  constructor(
    readonly name: string,
    private readonly bytes: Uint8Array,
  ) {}

  get size(): number {
    return this.bytes.length;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return new Promise((resolve) => {
      checkBounds(this, offset, length);
      resolve(this.bytes.subarray(offset, offset + length));
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
