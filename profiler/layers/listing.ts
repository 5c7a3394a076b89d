import type { Runs } from "../model/runs.ts";
import type { InferredNode, Problem } from "../operators/infer.ts";
import type { NodeView } from "../operators/node-view.ts";
import type { Layer } from "./layer.ts";

/** Rows of a whole model, and what they were made of. */
export interface Listing {
  readonly layers: readonly Layer[];
  readonly problems: readonly (Problem & { readonly layer: number })[];
  /** Of each layer what inference found of its node: the same object through edits that do not touch it. */
  readonly found: readonly InferredNode[];
  /** Views of nodes that run as one operator with others: what an edit does to those changes their rows. */
  readonly grouped: ReadonlySet<NodeView>;
  /** Where only what an edit touched was listed anew. */
  readonly edit?: ListingEdit;
}

/** How rows are made of those before an edit, by their positions there. */
export interface ListingEdit {
  readonly before: readonly Layer[];
  readonly runs: Runs<Layer>;
}
