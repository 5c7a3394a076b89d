import type { ByteSource } from "../../bytes/byte-source.ts";
import { LimitError, ModelFormatError } from "../../errors.ts";

/** Small, since in a large model each table stands alone between the weights of its neighbours. */
const PAGE_BYTES = 1024;

/** Tables of one kind stand together: each neighbouring page that is asked for doubles what is read along with it, up to this. */
const LARGEST_READ_AHEAD = 256;

/** Tables of the largest published models take some 20 MB: what asks for more is no model, and would fill the memory. */
const MOST_BYTES_READ = 256 * 2 ** 20;

/** Thrown by a synchronous read of bytes that are not there yet: load them, then read again. */
export class PageMissing extends Error {
  constructor(
    readonly offset: number,
    readonly length: number,
  ) {
    super("page missing");
  }
}

/** The pages of a file that were asked for so far. */
export class PagedBytes {
  readonly #pages = new Map<number, DataView>();
  readonly #scratch = new DataView(new ArrayBuffer(8));
  #bytesRead = 0;
  #readAhead = 0;
  #lastPage = -1;
  #lastView: DataView = this.#scratch;
  /** What is being read, in the words of an error message. */
  place = "header";

  constructor(readonly source: ByteSource) {}

  get size(): number {
    return this.source.size;
  }

  error(expected: string, offset?: number): ModelFormatError {
    return new ModelFormatError(this.source.name, this.place, expected, { offset });
  }

  /**
   * One number of `length` bytes, at most 8, for the caller to take at once.
   * @throws {PageMissing} when it is not loaded
   * @throws {ModelFormatError} when it lies outside the file
   */
  number<T>(offset: number, length: number, get: (view: DataView, index: number) => T): T {
    this.#check(offset, length);
    const index = offset % PAGE_BYTES;
    if (index + length <= PAGE_BYTES) return get(this.#page((offset - index) / PAGE_BYTES, offset, length), index);
    this.bytes(offset, length).forEach((byte, position) => this.#scratch.setUint8(position, byte));
    return get(this.#scratch, 0);
  }

  /** @throws as `number` */
  bytes(offset: number, length: number): Uint8Array {
    this.#check(offset, length);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const index = (offset + done) % PAGE_BYTES;
      const view = this.#page((offset + done - index) / PAGE_BYTES, offset, length);
      const part = Math.min(PAGE_BYTES - index, length - done);
      bytes.set(new Uint8Array(view.buffer, view.byteOffset + index, part), done);
      done += part;
    }
    return bytes;
  }

  /** @throws {LimitError} when more has been read than the tables of any model take */
  async load(missing: PageMissing): Promise<void> {
    let first = Math.floor(missing.offset / PAGE_BYTES);
    let last = Math.floor((missing.offset + missing.length - 1) / PAGE_BYTES);
    while (this.#pages.has(first)) first++;
    while (this.#pages.has(last)) last--;
    const isDescending = this.#pages.has(last + 1);
    const isSequential = isDescending || this.#pages.has(first - 1);
    this.#readAhead = isSequential ? Math.min(2 * this.#readAhead + 1, LARGEST_READ_AHEAD) : 0;
    for (let ahead = this.#readAhead; ahead > 0; ahead--) {
      if (isDescending && first > 0 && !this.#pages.has(first - 1)) first--;
      if (!isDescending && !this.#pages.has(last + 1)) last++;
    }
    const start = first * PAGE_BYTES;
    const end = Math.min((last + 1) * PAGE_BYTES, this.size);
    this.#bytesRead += end - start;
    if (this.#bytesRead > MOST_BYTES_READ) {
      const limit = `${MOST_BYTES_READ / 2 ** 20} MiB`;
      throw new LimitError(`${this.source.name}: ${this.place}: the tables of a model take less than ${limit}`);
    }
    const bytes = await this.source.read(start, end - start);
    for (let page = first; page * PAGE_BYTES < end; page++) {
      const index = page * PAGE_BYTES - start;
      const length = Math.min(PAGE_BYTES, bytes.length - index);
      this.#pages.set(page, new DataView(bytes.buffer, bytes.byteOffset + index, length));
    }
  }

  #check(offset: number, length: number): void {
    if (offset >= 0 && offset + length <= this.size) return;
    throw this.error(`${length} bytes expected here, but the file has ${this.size}: truncated or damaged`, offset);
  }

  #page(page: number, offset: number, length: number): DataView {
    if (page === this.#lastPage) return this.#lastView;
    const view = this.#pages.get(page);
    if (view === undefined) throw new PageMissing(offset, length);
    this.#lastPage = page;
    this.#lastView = view;
    return view;
  }
}
