import type { Graph } from "../model/model.ts";
import { namedNodes } from "../operators/layer-names.ts";
import type { InferredGraph, InferredNode } from "../operators/infer.ts";
import type { NodeView } from "../operators/node-view.ts";
import type { Layer } from "./layer.ts";
import type { Listing } from "./listing.ts";
import type { Grouping } from "./operator-group.ts";

/** Which rows of a listing belong to a node of its graph, by the node's position. */
export class NodeRows {
  /** @param starts of each node its first row, and behind them the number of rows */
  constructor(private readonly starts: readonly number[]) {}

  /** Of the position behind the last node: the number of rows. */
  first(position: number): number {
    return this.starts[position] ?? 0;
  }

  /** Whether bodies of the node have rows. */
  hasBodies(position: number): boolean {
    return this.first(position + 1) - this.first(position) > 1;
  }

  /** Whether any node has. */
  get isFlat(): boolean {
    return this.starts.at(-1) === this.starts.length - 1;
  }
}

/** Rows of a model before it was edited: what inference found again has the row that it had. Many edits start from one listing. */
export class PreviousListing {
  readonly #byView = new Map<NodeView, Layer>();
  readonly #byNode = new Map<InferredNode, Layer>();
  #named: readonly Layer[] | undefined;
  #starts: { readonly nodes: readonly InferredNode[]; readonly rows: NodeRows | undefined } | undefined;
  #hasGroupable: boolean | undefined;

  private constructor(readonly listing: Listing) {
    const { layers, found, grouped } = listing;
    layers.forEach((layer, row) => {
      const inferred = found[row];
      if (inferred === undefined || grouped.has(inferred.view)) return;
      this.#byView.set(inferred.view, layer);
      this.#byNode.set(inferred, layer);
    });
  }

  static of(listing: Listing): PreviousListing {
    const previous = KNOWN.get(listing) ?? new PreviousListing(listing);
    KNOWN.set(listing, previous);
    return previous;
  }

  /**
   * Where the rows of each node of a graph begin, those of its bodies behind its own, and in the end how many rows there are.
   * @returns undefined where the rows are not those of this graph alone, or some of them are in a group
   */
  startsOf({ nodes }: InferredGraph): NodeRows | undefined {
    if (this.#starts?.nodes !== nodes) this.#starts = { nodes, rows: this.#findStarts(nodes) };
    return this.#starts.rows;
  }

  #findStarts(nodes: readonly InferredNode[]): NodeRows | undefined {
    const { layers, found, grouped } = this.listing;
    if (grouped.size > 0 || found[0] !== nodes[0]) return undefined;
    const starts: number[] = [];
    found.forEach((one, row) => {
      if (one === nodes[starts.length]) starts.push(row);
    });
    if (starts.length !== nodes.length) return undefined;
    starts.push(layers.length);
    return new NodeRows(starts);
  }

  /** Whether a node of the graph, which the rows are those of, can be in a group. */
  hasGroupable({ nodes }: InferredGraph, isIn: Grouping["isIn"]): boolean {
    return (this.#hasGroupable ??= nodes.some(isIn));
  }

  /** All rows of one graph, with the nodes as an edited graph has them. */
  rowsOf({ graph, edit }: InferredGraph, starts: NodeRows): readonly Layer[] {
    const { layers } = this.listing;
    const before = edit?.before.graph;
    return before === undefined || before.nodes === graph.nodes
      ? layers
      : (this.#named ??= this.#findNamed(before, starts));
  }

  #findNamed(graph: Graph, starts: NodeRows): readonly Layer[] {
    const layers = [...this.listing.layers];
    namedNodes(graph).forEach((node, position) => {
      const row = starts.first(position);
      const layer = layers[row];
      if (layer && node !== layer.node) layers[row] = { ...layer, node };
    });
    return layers;
  }

  /** The row of a node; undefined where the row would say something else. */
  row(inferred: InferredNode): Layer | undefined {
    const known = this.#byNode.get(inferred);
    if (known) return known;
    const { node, view } = inferred;
    const row = this.#byView.get(view);
    if (row?.node.name !== node.name || row.node.metadata !== node.metadata) return undefined;
    const again = { ...row, node };
    this.#byNode.set(inferred, again);
    return again;
  }
}

/** A listing never changes. */
const KNOWN = new WeakMap<Listing, PreviousListing>();
