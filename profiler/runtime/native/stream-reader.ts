import type { Readable } from "node:stream";

const NEWLINE = 10;

interface Waiting {
  readonly take: () => boolean;
  readonly reject: (error: Error) => void;
}

/** Lines and counted bytes off a stream in turn, one question at a time. */
export class StreamReader {
  #chunks: Uint8Array[] = [];
  #size = 0;
  #waiting: Waiting | undefined;
  #end: Error | undefined;

  constructor(stream: Readable) {
    stream.on("data", (chunk: Uint8Array) => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      this.#offer();
    });
    stream.on("end", () => this.fail(new Error("the stream ended")));
    stream.on("error", (error) => this.fail(error));
  }

  /** Whether nothing comes any more. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Ends all waiting; the first reason counts. */
  fail(error: Error): void {
    this.#end ??= error;
    this.#waiting?.reject(this.#end);
    this.#waiting = undefined;
  }

  /** Up to the next newline. @throws {Error} when the stream ends before */
  line(): Promise<string> {
    return this.#take(() => {
      const place = this.#placeOf(NEWLINE);
      return place < 0 ? undefined : new TextDecoder().decode(this.#shift(place + 1).subarray(0, place));
    });
  }

  /** @throws {Error} when the stream ends before */
  bytes(count: number): Promise<Uint8Array> {
    return this.#take(() => (this.#size < count ? undefined : this.#shift(count)));
  }

  #take<T>(find: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const take = (): boolean => {
        const found = find();
        if (found !== undefined) resolve(found);
        return found !== undefined;
      };
      if (take()) return;
      if (this.#end) reject(this.#end);
      else this.#waiting = { take, reject };
    });
  }

  #offer(): void {
    const waiting = this.#waiting;
    if (waiting?.take() === true && this.#waiting === waiting) this.#waiting = undefined;
  }

  #placeOf(byte: number): number {
    let before = 0;
    for (const chunk of this.#chunks) {
      const place = chunk.indexOf(byte);
      if (place >= 0) return before + place;
      before += chunk.length;
    }
    return -1;
  }

  #shift(count: number): Uint8Array {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] ?? new Uint8Array()) : Buffer.concat(this.#chunks);
    this.#chunks = count === all.length ? [] : [all.subarray(count)];
    this.#size -= count;
    return all.subarray(0, count);
  }
}
