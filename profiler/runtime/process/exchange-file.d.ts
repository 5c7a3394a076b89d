import type { ByteStream } from "../../bytes/byte-segments.ts";

/** Arrays of elements as runtimes hold them. */
export type ElementArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** Where an array is in the file: bytes. */
export interface ArrayPlace {
  readonly type: string;
  readonly offset: number;
  readonly bytes: number;
}

export declare class ExchangeFile {
  constructor(descriptor: number);
  static create(): ExchangeFile;
  readonly descriptor: number;
  put(arrays: readonly (ElementArray | ByteStream)[]): Promise<readonly ArrayPlace[]>;
  take(
    places: readonly ArrayPlace[],
    targetFor?: (position: number, place: ArrayPlace) => ElementArray | undefined,
  ): readonly ElementArray[];
  close(): void;
}
