import type { PortShape } from "../model/shape.ts";
import type { NumericType } from "./numeric-tensor.ts";

export interface Range {
  readonly low: number;
  readonly high: number;
  /** Of a setting: the values that the model knows, one of which it is. */
  readonly among?: readonly number[];
}

/** An input or output of a session. */
export interface Port {
  readonly name: string;
  readonly dataType: NumericType;
  /** Dynamic dimensions by their names; INPUT[AXIS] where the model gives none. */
  readonly shape: PortShape;
  /** Sizes of dynamic dimensions of any input where nobody says otherwise, by their names; 1 for those left out. */
  readonly defaults?: Readonly<Record<string, number>>;
  /** Values that make sense, where the model tells: rows of an embedding table, what its quantization can hold. Both ends included. */
  readonly range?: Range;
  /** How samples stand in it, where otherwise than side by side along a first dimension that is open. */
  readonly sampling?: Sampling;
}

/**
 * `alone`: a run takes one sample, since answers depend on what else is in the batch, or none of the inputs' names stands for it.
 * `whole`: and a sample has the first dimension too, which is a sequence's length.
 */
export type Sampling = "alone" | "whole";

export function withRange(port: Port, range: Range | undefined): Port {
  return range === undefined ? port : { ...port, range };
}
