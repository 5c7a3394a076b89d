import type { TensorId } from "../model/model.ts";
import type { Form } from "./forms.ts";
import type { Weights } from "./weights.ts";
import type { IntegerGrid } from "./integer-grid.ts";
import type { LayerId } from "./neutral-graph.ts";

/**
 * What an edit wants done to a graph, in neutral words. Lowering carries it out: it makes native nodes of the forms, takes out weights
 * and constant layers that nobody needs any more, and computes stale shapes again. Everything unnamed stays as it is.
 */
export interface Rewrite {
  readonly remove?: readonly LayerId[];
  /** Other settings or weights, with the same inputs, outputs and name. Weights that are the same object stay where they are in the file. */
  readonly replace?: ReadonlyMap<LayerId, Form>;
  /** New layers. One that makes a tensor of a removed layer takes its place for everybody who reads that tensor. */
  readonly insert?: readonly NewLayer[];
  /**
   * Whoever read the first tensor reads the second instead. When the first one leaves the graph, it keeps its name there: then the
   * layer that makes the second one makes it under the first one's name.
   */
  readonly rewire?: ReadonlyMap<TensorId, TensorRef>;
  /** Tensors that constant layers make, as numbers of the file instead; the layers go. */
  readonly fold?: ReadonlyMap<TensorId, Weights>;
  /** New declared sizes of inputs of the graph; null keeps a size. */
  readonly resize?: ReadonlyMap<TensorId, readonly (number | null)[]>;
  /**
   * Activations that become integers, as the graph has them afterwards; those with the same object share their scale. Layers between
   * such tensors compute in integers where the runtime can.
   */
  readonly integers?: ReadonlyMap<TensorId, IntegerGrid>;
  /** Type of inputs and outputs of the graph that are among these integers; left out, they stay floats. */
  readonly ioType?: IntegerGrid["dataType"];
}

export interface NewLayer {
  /** Wanted name; a number is added where it is taken. */
  readonly name: string;
  readonly form: Form;
  readonly inputs: readonly TensorRef[];
  /** A tensor of a removed layer, or a new name. */
  readonly outputs: readonly TensorRef[];
}

/** A tensor of the graph by its id, or a new one by a name that holds within the rewrite. */
export type TensorRef = TensorId | string;
