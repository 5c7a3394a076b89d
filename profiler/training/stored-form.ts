import type { Weights } from "../neutral/weights.ts";
import type { Tape, Value } from "./tape.ts";

/** How weights are stored, as training has to keep it: what is pruned, shared or of few bits stays so, and takes as many bytes. */
export interface StoredForm {
  /** The numbers that the layer computes with, of those that are trained. */
  through(tape: Tape, trained: Value): Value;
  /** The trained numbers, to be stored as those before them were. */
  stored(elements: Float32Array): Weights;
}
