import type { ByteSource } from "../../../bytes/byte-source.ts";

/** After a jump over weights little is likely to be wanted: the tags of one tensor. */
const SMALLEST_WINDOW = 2 ** 11;
/** In a long list of nodes each read doubles the next, up to what one wasted read may cost. */
const LARGEST_WINDOW = 2 ** 17;

/** The part of a file that is in memory. It grows while the reader walks on, and shrinks when it jumps or skips most of what it has. */
export class ByteWindow {
  /** What is in memory: the file's bytes from `start`. */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  #size = SMALLEST_WINDOW;
  /** Bytes passed over since the last read. */
  #skipped = 0;

  constructor(private readonly source: ByteSource) {}

  holds(offset: number, length: number): boolean {
    return offset >= this.start && offset + length <= this.start + this.bytes.length;
  }

  /** Brings `length` bytes from `offset` into memory, or as many as the file has. */
  async load(offset: number, length: number): Promise<void> {
    const rest = this.source.size - offset;
    if (this.holds(offset, Math.min(length, rest))) return;
    const gap = offset - (this.start + this.bytes.length);
    if (gap > this.#size) this.#size = SMALLEST_WINDOW;
    else if (this.#skipped > this.bytes.length / 2) this.#size = Math.max(SMALLEST_WINDOW, this.#size / 4);
    else this.#size = Math.min(LARGEST_WINDOW, 2 * this.#size);
    this.#skipped = 0;
    this.bytes = await this.source.read(offset, Math.min(rest, Math.max(length, this.#size)));
    this.start = offset;
  }

  /** Notes that the next `length` bytes are not wanted: many of them make the next reads short. */
  skip(length: number): void {
    this.#skipped += length;
  }

  /** Bytes that are in memory: a view, which the next `load` does not touch. */
  slice(offset: number, length: number): Uint8Array {
    return this.bytes.subarray(offset - this.start, offset - this.start + length);
  }
}
