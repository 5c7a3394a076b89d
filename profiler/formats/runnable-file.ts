/** A file that is not quite the user's, and in what. */
export interface RunnableFile {
  readonly bytes: Uint8Array;
  /** For whoever reads of the run. */
  readonly note: string;
}
