import { EdgewiseError } from "../errors.ts";

/** A rewrite asks for what the graph or the format cannot have: our bug, or a limit that `find` should have told. */
export class LoweringError extends EdgewiseError {
  readonly code = "lowering";
}
