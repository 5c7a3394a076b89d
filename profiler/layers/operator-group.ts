import type { DataType } from "../model/data-type.ts";
import type { Node, TensorId } from "../model/model.ts";
import type { InferredGraph, InferredNode } from "../operators/infer.ts";

/**
 * Nodes of one graph that the runtime runs as one operator: the row of `node` stands for all, with the tensors that the one operator
 * reads and makes.
 */
export interface OperatorGroup {
  readonly node: Node;
  /** The others: nothing of them runs by itself. */
  readonly absorbed: readonly Node[];
  /** By the positions of the node's inputs and outputs; those that are not in it stay as they are. */
  readonly inputs: ReadonlyMap<number, GroupTensor>;
  readonly outputs: ReadonlyMap<number, GroupTensor>;
  /** Type of its arithmetic. */
  readonly computesIn: DataType | undefined;
  /** Whether the one operator may overwrite inputs, where the node's own may. */
  readonly isInPlace: boolean;
  /** Nothing is left to do: the output is the input's bytes. */
  readonly isView?: true;
}

export interface GroupTensor {
  readonly id: TensorId;
  readonly dataType: DataType | undefined;
}

/** A runtime's rules for what it runs as one operator. */
export interface Grouping {
  /** Whether a node can be in a group at all; where none can, nothing is looked for. */
  readonly isIn: (node: InferredNode) => boolean;
  readonly find: (graph: InferredGraph) => readonly OperatorGroup[];
}

export const NO_GROUPS: Grouping = { isIn: () => false, find: () => [] };
