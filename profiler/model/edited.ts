import type { Graph, Model } from "./model.ts";

/** Whether a model is no longer what its file says, whichever of its entries was edited. */
export function isEdited({ entries }: Model): boolean {
  return entries.some(({ graph }) => isEditedGraph(graph));
}

/** Edits name the layers they go through, and mark the sizes they declare. */
export function isEditedGraph({ nodes, inputs, tensors }: Graph): boolean {
  return nodes.some(({ identity }) => identity !== undefined) || inputs.some((id) => tensors[id]?.declared?.isEdited);
}
