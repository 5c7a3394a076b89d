import type { Node, TensorId } from "../model/model.ts";
import type { Dimension, Shape } from "../model/shape.ts";
import type { FormKind, FormOf } from "./forms.ts";
import type { IntegerSupport } from "./integer-support.ts";
import type { LayerId, NeutralLayer, NeutralTensor } from "./neutral-layer.ts";

export type { LayerId, NeutralLayer, NeutralTensor } from "./neutral-layer.ts";

/** By tensor id; undefined where the rank is unknown. */
export type NeutralSizes = readonly (Shape | undefined)[];

/** What a graph is made of, by the vocabulary of `forms.ts`. */
export class NeutralGraph {
  readonly #byName: ReadonlyMap<string, NeutralLayer>;
  readonly #byNode = new Map<LayerId, NeutralLayer>();
  readonly #producers = new Map<TensorId, NeutralLayer>();
  readonly #consumers = new Map<TensorId, NeutralLayer[]>();

  constructor(
    /** Order of the axes of activations: batch, channels, spatial … or batch, spatial …, channels. */
    readonly layout: "channels-first" | "channels-last",
    /** In an order in which they can run. */
    readonly layers: readonly NeutralLayer[],
    /** By tensor id. */
    readonly tensors: readonly NeutralTensor[],
    /** Shapes of all tensors if inputs had others and no layer was changed. */
    readonly sizesFor: (inputs: ReadonlyMap<TensorId, Shape>) => NeutralSizes,
    /** What a size comes to at the sizes that the model is looked at: for weighing, never for writing. undefined: only the run can tell. */
    readonly sizeAt: (size: Dimension) => number | undefined = (size) => (typeof size === "number" ? size : undefined),
    /** undefined: the format's runtime is not known to compute in integers. */
    readonly integers?: IntegerSupport,
    /** Why weights cannot be stored as those that are not zero and their places; undefined where they can. */
    readonly whyNoPlaces?: string,
  ) {
    this.#byName = new Map(layers.map((layer) => [layer.name, layer]));
    for (const layer of layers) {
      this.#byNode.set(layer.node.index, layer);
      for (const output of layer.outputs) this.#producers.set(output, layer);
      for (const input of new Set(layer.inputs)) {
        const consumers = this.#consumers.get(input);
        if (consumers) consumers.push(layer);
        else this.#consumers.set(input, [layer]);
      }
    }
  }

  /** The layer that a node of the native graph is. */
  layerOf({ index }: Node): NeutralLayer | undefined {
    return this.layerWith(index);
  }

  layerWith(id: LayerId): NeutralLayer | undefined {
    return this.#byNode.get(id);
  }

  layer(name: string): NeutralLayer | undefined {
    return this.#byName.get(name);
  }

  /** @throws {RangeError} for an id that the graph does not have */
  tensor(id: TensorId): NeutralTensor {
    const tensor = this.tensors[id];
    if (tensor === undefined) throw new RangeError(`no tensor ${id} in a graph of ${this.tensors.length}`);
    return tensor;
  }

  /** The layer that makes a tensor; undefined for inputs and constants. */
  producer(tensor: TensorId | undefined): NeutralLayer | undefined {
    return tensor === undefined ? undefined : this.#producers.get(tensor);
  }

  /** Layers that read a tensor as an activation, each once. */
  consumers(tensor: TensorId | undefined): readonly NeutralLayer[] {
    return (tensor === undefined ? undefined : this.#consumers.get(tensor)) ?? [];
  }

  /** The one layer that a tensor goes to, when it goes nowhere else: not out of the graph, and not into a body. */
  onlyConsumer(tensor: TensorId | undefined): NeutralLayer | undefined {
    const { isOutput = true, isCaptured = true } = (tensor === undefined ? undefined : this.tensors[tensor]) ?? {};
    const consumers = this.consumers(tensor);
    return consumers.length === 1 && !isOutput && !isCaptured ? consumers[0] : undefined;
  }

  /** Layers of one kind, in the order they run. */
  layersOf<K extends FormKind>(kind: K): readonly NeutralLayer<FormOf<K>>[] {
    return this.layers.filter((layer) => isKind(layer, kind));
  }
}

export function isKind<K extends FormKind>(layer: NeutralLayer, kind: K): layer is NeutralLayer<FormOf<K>> {
  return layer.form.kind === kind;
}
