import type { DataType } from "../model/data-type.ts";
import type { Dimension, Shape } from "../model/shape.ts";
import type { WeightEncoding } from "../model/weight-encoding.ts";

/** What inference knows of a tensor. Everything it does not know stays undefined: unknown is never taken for zero. */
export interface InferredType {
  readonly dataType: DataType | undefined;
  /** undefined: unknown rank. Symbolic sizes stay in it by name. */
  readonly shape: Shape | undefined;
  /**
   * The elements, row-major, where the tensor is small and follows from constants and shapes: what `Reshape`, `Slice` or `Range`
   * are computed from. An element can be symbolic, as dimensions can. Fractions occur in scales.
   */
  readonly value?: readonly Dimension[];
  /** Set when the tensor follows from constants alone: which numbers of the file (or of a folded node) it is. */
  readonly constant?: ConstantOrigin;
  /** A list of tensors of this type, not one tensor. */
  readonly container?: "sequence" | "optional" | "map";
  /** Of a sequence whose tensors were followed one by one. */
  readonly items?: SequenceItems;
}

/** What a sequence's tensors are together; what holds of each of them is in `dataType` and `shape`. */
export interface SequenceItems {
  readonly count: Dimension;
  /** Of each axis the sizes of all tensors added up; undefined where ranks are unknown, or there is no tensor. */
  readonly totals: Shape | undefined;
  /** One by one, in their order, where each is known. */
  readonly tensors?: readonly InferredType[];
}

/** Identity of a constant: two tensors with one origin are the same weights, which are stored and counted once. */
export interface ConstantOrigin {
  /** Name of the stored constant, or of the tensor that folding makes. */
  readonly name: string;
  /** undefined when a symbolic size leaves it unknown. */
  readonly elements: number | undefined;
  /** Type the elements are stored in: int8 for a weight that a DequantizeLinear widens, uint4 for one of 16 numbers. */
  readonly dataType: DataType;
  /** Bytes as stored, without scales and zero points; undefined when unknown. */
  readonly storedBytes: number | undefined;
  /** How they are stored. Absent: as they are, one number an element. */
  readonly encoding?: WeightEncoding;
  /**
   * The stored constants that it is made of, the main one (values, or indices) first; none for numbers that the file does not hold.
   * Absent: it is stored itself. Its stored bytes are theirs together where it has an encoding.
   */
  readonly parts?: readonly ConstantOrigin[];
}

export const UNKNOWN: InferredType = { dataType: undefined, shape: undefined };
