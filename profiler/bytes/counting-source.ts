import type { ByteSource } from "./byte-source.ts";

/** Counts what is read through it: how tests and benchmarks show that weights stay in the file. */
export class CountingSource implements ByteSource {
  /** Calls of `read`. */
  reads = 0;
  bytesRead = 0;

  constructor(private readonly inner: ByteSource) {}

  get name(): string {
    return this.inner.name;
  }

  get size(): number {
    return this.inner.size;
  }

  read(offset: number, length: number, scratch?: Uint8Array): Promise<Uint8Array> {
    this.reads += 1;
    this.bytesRead += length;
    return this.inner.read(offset, length, scratch);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
