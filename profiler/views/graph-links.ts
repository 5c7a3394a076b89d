import type { LayerProfile, TensorProfile } from "../profile.ts";
import { portId, layerId, visibleOf, type OutlinedStructure, type Outline } from "./graph-outline.ts";

/** All tensors that flow from one drawn box to another. */
export interface Link {
  readonly from: string;
  readonly to: string;
  /** Each once. */
  readonly tensors: ReadonlySet<TensorProfile>;
}

/** What flows between the drawn boxes, from the model's inputs and to its outputs; nothing for what stays within one. */
export function linksOf(
  outline: Outline,
  open: ReadonlySet<string>,
  layers: readonly LayerProfile[],
  { edges, inputs, outputs }: OutlinedStructure,
): readonly Link[] {
  const links = new Map<string, { from: string; to: string; tensors: Set<TensorProfile> }>();
  const drawn = new Map<string, string | undefined>();
  const boxOf = (leaf: string): string | undefined => {
    if (!drawn.has(leaf)) drawn.set(leaf, visibleOf(outline, open, leaf)?.id);
    return drawn.get(leaf);
  };
  const join = (start: string, end: string, tensor: TensorProfile | undefined): void => {
    const [from, to] = [boxOf(start), boxOf(end)];
    if (from === undefined || to === undefined || from === to || !tensor) return;
    const key = JSON.stringify([from, to]);
    const link = links.get(key);
    if (link) link.tensors.add(tensor);
    else links.set(key, { from, to, tensors: new Set([tensor]) });
  };
  for (const { tensor, readers } of inputs) {
    for (const reader of readers) join(portId("input", tensor.name), layerId(reader), tensor);
  }
  for (const { from, output, to } of edges) join(layerId(from), layerId(to), layers[from]?.outputs[output]);
  for (const { from, output } of outputs) {
    const tensor = layers[from]?.outputs[output];
    if (tensor) join(layerId(from), portId("output", tensor.name), tensor);
  }
  return [...links.values()];
}
