import type { DataType } from "../model/data-type.ts";
import type { Node } from "../model/model.ts";
import type { InferredType } from "../operators/inferred-type.ts";
import type { Operation } from "../operators/operation.ts";

/** One row of the table: one node, in a body or not, with what inference found of it. */
export interface Layer {
  /** The node's name, or its first output's where the file gives none. */
  readonly name: string;
  /** Native operator, with its domain where that is not the format's own: "Conv", "com.microsoft.FusedConv". */
  readonly op: string;
  readonly operation: Operation;
  /** Modules, functions and bodies that hold it, outermost first. */
  readonly path: readonly string[];
  readonly inputs: readonly LayerTensor[];
  readonly outputs: readonly LayerTensor[];
  /**
   * "shape": computes sizes only. "constant": follows from constants, so a runtime computes it once, when it loads. "fused": runs inside
   * the operator of another row, which has its costs.
   */
  readonly role: "compute" | "shape" | "constant" | "fused";
  /** How often it runs in one inference: trip counts of the loops around it multiplied. */
  readonly repeats: number;
  /** False in the cheaper branches of a choice and outside the entry that is profiled: shown, but in no total. */
  readonly isCounted: boolean;
  /** The first output is the first data input's bytes under another name or shape: see `OperatorRule.isView`. */
  readonly isView: boolean;
  /** Positions of the inputs that the first output may overwrite when nobody else needs them. */
  readonly inPlace: readonly number[];
  /** Type that it computes in, where the types of its weights, as they reach it, do not tell. */
  readonly computesIn?: DataType;
  readonly notes: readonly string[];
  /** The file's own node, for details and edits. */
  readonly node: Node;
}

export interface LayerTensor extends InferredType {
  readonly name: string;
  /**
   * Identity over the whole run: an input of a body that is handed in from outside has the outside tensor's key. Empty for an
   * omitted optional tensor.
   */
  readonly key: string;
  /** "configuration": says how to compute (shape, axes, scale), see `OperatorRule.configuration`. */
  readonly use: "data" | "configuration";
  /** State that lives from one run to the next. */
  readonly isVariable?: true;
}
