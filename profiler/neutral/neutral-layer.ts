import type { DataType } from "../model/data-type.ts";
import type { Node, TensorId } from "../model/model.ts";
import type { Shape } from "../model/shape.ts";
import type { Form } from "./forms.ts";
import type { Weights } from "./weights.ts";

/** `Node.index` of the layer's node. */
export type LayerId = number;

/** A layer of the graph that a run starts from. Layers of its bodies are part of the node that runs them. */
export interface NeutralLayer<F extends Form = Form> {
  readonly id: LayerId;
  /** Unique, and the same through a list of edits: what edits name their target by. */
  readonly name: string;
  /** Native operator, for messages. */
  readonly op: string;
  readonly form: F;
  /** Activations it reads, in the form's order; weights and settings stand in the form. All inputs of an opaque layer. */
  readonly inputs: readonly TensorId[];
  readonly outputs: readonly TensorId[];
  readonly node: Node;
}

export interface NeutralTensor {
  readonly id: TensorId;
  readonly name: string;
  readonly dataType: DataType | undefined;
  /** Sizes that the run decides are names. undefined: unknown rank. */
  readonly shape: Shape | undefined;
  /** Where convolutions, pools and normalisations have their channels: 1, or the last axis; undefined without rank. */
  readonly channelAxis: number | undefined;
  readonly isInput: boolean;
  readonly isOutput: boolean;
  /** A body of some node reads it: it must stay under its name. */
  readonly isCaptured: boolean;
  /** Type of the integers that it stands for: layers between such tensors compute in them, though the file says float. */
  readonly standsFor?: DataType;
  /** Set for numbers of the file, also when a chain of constant layers makes them. */
  readonly constant: Weights | undefined;
}
