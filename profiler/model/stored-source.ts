import type { Constant } from "./model.ts";

/** Where the elements of a node's first output are stored, for one that computes none: in itself, or behind its first input. */
export interface StoredSource {
  /** Held by the node itself. */
  readonly constant?: Constant;
  /** It gives what is stored other axes. */
  readonly isRearranged?: boolean;
  /** It widens stored integers by scales in its input 1 and zero points in input 2. */
  readonly scaling?: { readonly axis: number; readonly blockSize?: number };
}
