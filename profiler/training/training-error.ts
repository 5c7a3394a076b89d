import { EdgewiseError } from "../errors.ts";

/** A model cannot be trained to another one; the message says why. */
export class TrainingError extends EdgewiseError {
  readonly code = "training";
}
