import type { Layer, LayerTensor } from "../layers/layer.ts";
import type { Body, Graph, TensorId } from "../model/model.ts";

/** A graph with the rows of its own nodes, and those of their bodies below them. */
export interface GraphRows {
  readonly graph: Graph;
  readonly rows: readonly Row[];
  /** What is known of the graph's tensors that its nodes read or make. */
  readonly known: ReadonlyMap<TensorId, LayerTensor>;
}

export interface Row {
  readonly layer: Layer;
  /** Its position among the rows of all graphs. */
  readonly index: number;
  readonly bodies: readonly { readonly body: Body; readonly rows: GraphRows }[];
}

/** Parts a flat list of layers, in which the rows of a body follow the row that runs it, into the graphs they are from. */
export function graphRows(graphs: readonly Graph[], layers: readonly Layer[]): readonly GraphRows[] {
  let next = 0;
  const take = (graph: Graph): GraphRows => {
    const rows: Row[] = [];
    const known = new Map<TensorId, LayerTensor>();
    while (rows.length < graph.nodes.length) {
      const index = next;
      const layer = layers[index];
      if (layer === undefined) break;
      next += 1;
      learn(known, layer);
      rows.push({ layer, index, bodies: layer.node.bodies.map((body) => ({ body, rows: take(body.graph) })) });
    }
    return { graph, rows, known };
  };
  return graphs.map(take);
}

function learn(known: Map<TensorId, LayerTensor>, { node, inputs, outputs }: Layer): void {
  const add = (ids: readonly TensorId[], tensors: readonly LayerTensor[]): void =>
    ids.forEach((id, position) => {
      const tensor = tensors[position];
      if (tensor !== undefined && tensor.key !== "") known.set(id, tensor);
    });
  add(node.inputs, inputs);
  add(node.outputs, outputs);
}
