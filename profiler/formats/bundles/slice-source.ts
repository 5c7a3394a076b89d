import type { ByteSource } from "../../bytes/byte-source.ts";
import { ModelFormatError } from "../../errors.ts";

/** A file inside of another one, as a file of its own. */
export class SliceSource implements ByteSource {
  constructor(
    readonly name: string,
    private readonly whole: ByteSource,
    private readonly start: number,
    readonly size: number,
  ) {}

  read(offset: number, length: number, scratch?: Uint8Array): Promise<Uint8Array> {
    if (offset >= 0 && length >= 0 && offset + length <= this.size)
      return this.whole.read(this.start + offset, length, scratch);
    const expected = `${length} bytes expected, but the model ends after ${this.size}`;
    return Promise.reject(new ModelFormatError(this.name, "the model", expected, { offset }));
  }

  close(): Promise<void> {
    return this.whole.close();
  }
}
