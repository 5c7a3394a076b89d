import type { ByteSource } from "../../bytes/byte-source.ts";

/** A file inside of a bundle. */
export interface BundledFile {
  readonly name: string;
  /** Bytes, unpacked. */
  readonly size: number;
  /** Closing what comes closes the bundle. */
  open(): Promise<ByteSource>;
}
