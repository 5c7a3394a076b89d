import type { DataType } from "../model/data-type.ts";
import type { Model, TensorId } from "../model/model.ts";
import type { InferredNode } from "../operators/infer.ts";
import type { InferredType } from "../operators/inferred-type.ts";
import type { Form } from "./forms.ts";
import type { Weights } from "./weights.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import type { IntegerGrid } from "./integer-grid.ts";
import type { IntegerSupport } from "./integer-support.ts";
import type { NeutralGraph, NeutralLayer } from "./neutral-graph.ts";

/** What files of only some formats can say, or their runtimes compute: options of restructurings that need it are offered for those alone. */
export type FormatFeature = "scales of blocks" | "integer inputs and outputs" | "one scale for integer products";

/** What a format brings to restructuring: the two translations. All that knows native operators and weight layouts is behind it. */
export interface FormatAdapter {
  readonly layout: NeutralGraph["layout"];
  readonly features: ReadonlySet<FormatFeature>;
  /** What a native node is; `opaque` with a reason where the vocabulary cannot say it. */
  lift(node: InferredNode, scope: LiftScope): Lifted;
  /** What a node makes of constants alone, where that takes little: another shape, type or order of the same numbers, one number repeated. */
  fold?(node: InferredNode, scope: LiftScope, type: ConstantType): Weights | undefined;
  /** Weights that the file decodes from constants by a chain of nodes that ends here, with their coding. */
  decode?(node: InferredNode, scope: LiftScope, type: ConstantType): Weights | undefined;
  /**
   * Native nodes for a layer, added to the draft. In a prediction nothing is read: constants are handed over with their `read`.
   * @throws {LoweringError} when the format has no operators for it
   */
  lower(layer: LayerToLower, draft: GraphBuilder): Promise<void>;
  /** Type of the integers that a node's output stands for, where it hands them on as floats for others to compute in. */
  standsFor?(node: InferredNode): DataType | undefined;
  /** After the last layer: what only all of them together can tell. @throws {LoweringError} */
  finish?(draft: GraphBuilder): void;
  /** What its runtime computes in integers in a model. */
  integerSupport?(model: Model): IntegerSupport;
  /** Why a file of the model's kind cannot hold weights as those that are not zero and their places; undefined where it can. */
  whyNoPlaces?(model: Model): string | undefined;
  /**
   * Makes activations integers, when all layers are written under their names.
   * @param ioType see `Rewrite.ioType`: one of the support's own
   * @throws {LoweringError}
   */
  quantizeActivations?(
    draft: GraphBuilder,
    integers: ReadonlyMap<TensorId, IntegerGrid>,
    ioType?: IntegerGrid["dataType"],
  ): void;
  /**
   * Bytes that the edited model takes as a file, of a prediction too.
   * @param base that it was edited from
   */
  fileBytes(model: Model, base: Model): Promise<number>;
}

export interface Lifted {
  readonly form: Form;
  /** See `NeutralLayer.inputs`. */
  readonly inputs: readonly TensorId[];
}

/** What lifting a node may look at beside the node. */
export interface LiftScope {
  /** Whether weights that the file decodes are asked for. */
  readonly decodes: boolean;
  /** The numbers of a tensor: those of the file, or what a chain of constant nodes makes of them. */
  constant(tensor: TensorId | undefined): Weights | undefined;
  /** The node that makes a tensor; undefined for inputs and constants of the file. */
  producer(tensor: TensorId): InferredNode | undefined;
  /** What inference found of a tensor; unknown for an omitted one. */
  inferredType(tensor: TensorId): InferredType;
  /** Whether anybody reads a tensor, or the graph hands it out. */
  isUsed(tensor: TensorId): boolean;
}

/** Of the first output of a constant node, as inference has it. */
export interface ConstantType {
  readonly shape: readonly number[];
  readonly dataType: DataType;
}

export interface LayerToLower {
  readonly name: string;
  readonly form: Form;
  readonly inputs: readonly TensorId[];
  readonly outputs: readonly TensorId[];
  /** The layer that this one is a changed form of: what did not change keeps its tensors. undefined for a new layer. */
  readonly before?: NeutralLayer;
  /** The layer of its name that it takes the place of, alone or with others: its weights take over the names of that one's. */
  readonly instead?: NeutralLayer;
}
