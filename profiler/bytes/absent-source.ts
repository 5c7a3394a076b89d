import { ExternalDataError, type MissingData } from "../errors.ts";
import type { ByteSource } from "./byte-source.ts";

/** Stands for a data file that is missing or too short: what the model says of it is known, and every read says why there are no bytes. */
export class AbsentSource implements ByteSource {
  readonly name: string;
  #size = 0;

  constructor(readonly missing: MissingData) {
    this.name = missing.location;
  }

  /** Bytes that the model needs of the file, as far as it was asked for any. */
  get size(): number {
    return this.#size;
  }

  /** The model has a tensor that ends there. */
  reachesTo(end: number): void {
    this.#size = Math.max(this.#size, end);
  }

  read(): Promise<Uint8Array> {
    const { message, hint } = this.missing;
    return Promise.reject(new ExternalDataError(message, { hint }));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
