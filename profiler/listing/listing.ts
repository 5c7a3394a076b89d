/**
 * A model as text, with what stands where in it. Plain data: it crosses threads as it is. Lines and columns are counted from 0, columns
 * in UTF-16 code units, as editors count them.
 */
export interface ModelListing {
  readonly text: string;
  /** The line of each layer, by its index. */
  readonly lines: readonly number[];
  /** Columns of each layer's operator, by its index. */
  readonly operators: readonly (readonly [start: number, end: number])[];
  readonly tensors: readonly ListedTensor[];
  /** Every place where a tensor is named, in the order of the text. */
  readonly occurrences: readonly Occurrence[];
  /** What can be folded; outer regions stand before those inside them. */
  readonly regions: readonly Region[];
}

export interface ListedTensor {
  readonly name: string;
  /** "float32[1,3,224,224]" */
  readonly type: string;
  readonly isConstant: boolean;
}

export interface Occurrence {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  /** Position in `tensors`. */
  readonly tensor: number;
  /** Makes the tensor: an input, a constant or an output of a layer. */
  readonly isDefinition: boolean;
}

export interface Region {
  readonly kind: "graph" | "constants" | "module" | "body";
  readonly name: string;
  readonly first: number;
  readonly last: number;
}
