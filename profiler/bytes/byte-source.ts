/**
 * Random access to the bytes of a file that may be far larger than memory. Readers take tables from it and leave weights where they are.
 */
export interface ByteSource {
  /** What an error message calls this file: a path or a name. */
  readonly name: string;
  /** Bytes in the file when it was opened. */
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`.
   * @param scratch memory of at least that length that they may be in until it is used again: new memory takes longer to touch than a file to read
   * @throws {ModelFormatError} when the range ends behind the file (a short read is never padded)
   * @throws {FileChangedError} when the file is not the one that was opened any more
   */
  read(offset: number, length: number, scratch?: Uint8Array): Promise<Uint8Array>;
  /** Releases the file handle. Reading afterwards is an error. */
  close(): Promise<void>;
}

/** Opens files that a model refers to by a path relative to itself (ONNX external data). */
export interface ExternalDataFiles {
  /**
   * Opens `relativePath`, as the model spells it, inside the model's own folder.
   * @throws {MissingDataError} when there is no such file
   * @throws {ExternalDataError} when it lies outside the model's folder (symbolic links followed)
   */
  open(relativePath: string): Promise<ByteSource>;
}
