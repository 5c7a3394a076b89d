import type { NumericArray } from "../tensors/numeric-tensor.ts";
import type { ClassFolder } from "./class-folders.ts";

/** The samples of one input, read piece by piece. */
export interface InputReader {
  /** Samples it has; undefined for those that are synthetic. */
  readonly count: number | undefined;
  /** Of one sample, every dimension known. */
  readonly shape: readonly number[];
  /** What a user calls it: "digits.bin", "seeded random (seed 0)". */
  readonly description: string;
  /** Class of each sample, where the files' names tell. */
  readonly labels?: readonly number[];
  /** Folders that are classes, where the samples are in such. */
  readonly classes?: readonly ClassFolder[];
  /** Names of the samples' files, in order, where each has its own. */
  readonly files?: readonly string[];
  /** Elements of `count` samples from `start` on, one sample behind the other. */
  read(start: number, count: number): Promise<NumericArray>;
  close(): Promise<void>;
}
