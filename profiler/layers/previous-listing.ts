import type { Graph } from "../model/model.ts";
import { namedNodes } from "../operators/layer-names.ts";
import type { InferredGraph, InferredNode } from "../operators/infer.ts";
import type { NodeView } from "../operators/node-view.ts";
import type { Layer } from "./layer.ts";
import type { Listing } from "./listing.ts";

/** Rows of a model before it was edited: what inference found again has the row that it had. Many edits start from one listing. */
export class PreviousListing {
  readonly #byView = new Map<NodeView, Layer>();
  readonly #byNode = new Map<InferredNode, Layer>();
  #named: readonly Layer[] | undefined;

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

  /** Whether the rows are those of one graph, one for each of its nodes, and none is in a group. */
  isFlat({ nodes }: InferredGraph): boolean {
    const { found, grouped } = this.listing;
    return (
      grouped.size === 0 && found.length === nodes.length && found[0] === nodes[0] && found.at(-1) === nodes.at(-1)
    );
  }

  /** All rows of a flat listing, with the nodes as an edited graph has them. */
  rowsOf({ graph, edit }: InferredGraph): readonly Layer[] {
    const { layers } = this.listing;
    const before = edit?.before.graph;
    return before === undefined || before.nodes === graph.nodes ? layers : (this.#named ??= this.#findNamed(before));
  }

  #findNamed(graph: Graph): readonly Layer[] {
    const named = namedNodes(graph);
    return this.listing.layers.map((layer, row) => {
      const node = named[row] ?? layer.node;
      return node === layer.node ? layer : { ...layer, node };
    });
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
