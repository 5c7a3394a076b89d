import type { Model } from "./model.ts";

/** Whether a model is no longer what its file says: edits name the layers they go through, and mark the sizes they declare. */
export function isEdited({ entries }: Model): boolean {
  const { nodes, inputs, tensors } = entries[0].graph;
  return nodes.some(({ identity }) => identity !== undefined) || inputs.some((id) => tensors[id]?.declared?.isEdited);
}
